import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig, devices } from '@playwright/test';

// The workers read the folder and the address from the environment, which the
// first process sets: the server writes mail there, sign-in codes among it.
process.env.E2E_DATA ??= mkdtempSync(join(tmpdir(), 'guildhall-e2e-'));
const address = (process.env.E2E_ADDRESS ??= '127.0.0.1:8471');

export default defineConfig({
	testDir: 'e2e',
	testMatch: '**/*.e2e.ts',
	workers: 2,
	timeout: 60_000,
	reporter: [['list']],
	use: {
		baseURL: `http://${address}`,
		locale: 'en-GB',
		timezoneId: 'Europe/London',
		trace: 'retain-on-failure',
		launchOptions: { executablePath: process.env.CHROME_PATH || '/usr/bin/chromium', args: ['--no-sandbox'] }
	},
	projects: [{ name: 'desktop', use: { ...devices['Desktop Chrome'], channel: undefined } }],
	webServer: {
		command: `chmod 755 "$E2E_DATA" && exec ../bin/guildhall serve --demo --listen ${address} --data "$E2E_DATA/data"`,
		url: `http://${address}/readyz`,
		timeout: 90_000,
		gracefulShutdown: { signal: 'SIGTERM', timeout: 20_000 }
	}
});
