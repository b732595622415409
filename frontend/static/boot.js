// Runs before the first paint, so that a chosen appearance or language never flashes into place.
try {
	var theme = localStorage.getItem('gh-theme');
	if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
	if (localStorage.getItem('gh-density') === 'compact') document.documentElement.dataset.density = 'compact';
	if (localStorage.getItem('gh-language') === 'cy') document.documentElement.lang = 'cy';
} catch (e) {
	// Storage may be shut off by policy. The defaults are fine.
}
