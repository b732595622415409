import en from '#lib/text/en.json';

declare module 'i18next' {
	interface CustomTypeOptions {
		resources: { translation: typeof en };
		// What t() gives is always a string: the catalogues hold nothing else.
		returnNull: false;
	}
}
