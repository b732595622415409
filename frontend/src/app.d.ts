import en from '#lib/text/en.json';
import open from '#lib/text/en.public.json';

declare module 'i18next' {
	interface CustomTypeOptions {
		resources: { translation: typeof en & typeof open };
		// What t() gives is always a string: the catalogues hold nothing else.
		returnNull: false;
	}
}
