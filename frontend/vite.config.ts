import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

// The one server that answers /api, WebSocket included, while `npm run dev` runs.
const server = process.env.GUILDHALL_DEV_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [
		tailwindcss(),
		sveltekit({
			compilerOptions: {
				// Fragments from a tree, not innerHTML, so that a strict content security policy holds.
				fragments: 'tree',
				runes: ({ filename }) => (filename.split(/[/\\]/).includes('node_modules') ? undefined : true)
			},
			adapter: adapter({ pages: 'build', assets: 'build', fallback: 'index.html', precompress: true }),
			// Not the default _app: Go's embed leaves out names that begin with an underscore.
			appDir: 'app',
			// The default is the time of day, which would make every build different.
			version: { name: process.env.GUILDHALL_COMMIT ?? 'dev' }
		})
	],
	build: { target: 'es2022' },
	server: { proxy: { '/api': { target: server, ws: true, changeOrigin: true } } }
});
