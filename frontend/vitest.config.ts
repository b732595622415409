import { sveltekit } from '@sveltejs/kit/vite';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

// Anything with runes or the browser's own storage runs in a real browser: in Node, effects never run, silently.
const inBrowser = ['src/**/*.svelte.test.ts', 'src/**/*.browser.test.ts'];

export default defineConfig({
	plugins: [sveltekit()],
	test: {
		projects: [
			{
				extends: true,
				test: { name: 'unit', environment: 'node', include: ['src/**/*.test.ts'], exclude: inBrowser }
			},
			{
				extends: true,
				test: {
					name: 'browser',
					include: inBrowser,
					browser: {
						enabled: true,
						headless: true,
						screenshotFailures: false,
						provider: playwright({
							launchOptions: { executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium', args: ['--no-sandbox'] }
						}),
						instances: [{ browser: 'chromium' }]
					}
				}
			}
		]
	}
});
