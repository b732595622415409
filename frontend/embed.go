// Package frontend carries the built web app and the message catalogues inside the binary.
package frontend

import "embed"

// Built holds the web app as `npm run build` left it, under "build/". On a fresh clone, before the first build, it holds
// nothing but a placeholder. Without "all:" Go would leave out names that begin with a dot or an underscore.
//
//go:embed all:build
var Built embed.FS

// Catalogues holds the words people see, in JSON files that begin with their language, under "src/lib/text/": what only
// the pages that anybody may read say is in en.public.json. The web app and the server read the same files: nested keys,
// {{name}} for values, and the plural forms of CLDR as _one, _other and so on.
//
//go:embed src/lib/text/*.json
var Catalogues embed.FS
