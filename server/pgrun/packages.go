package pgrun

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// linkLibraries makes the symbolic links that the npm packages of PostgreSQL
// need and that an npm archive cannot hold. The packages make them in an
// install script, which npm and pnpm are often told not to run. Any other
// installation has no such list and is left as it is.
func linkLibraries(native string) error {
	list, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the list of libraries of a PostgreSQL package: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(list, &links); err != nil {
		return fmt.Errorf("the list of libraries in %s: %w", native, err)
	}
	root := filepath.Dir(native) // the paths begin with native/
	for _, link := range links {
		if !filepath.IsLocal(link.Source) || !filepath.IsLocal(link.Target) {
			return fmt.Errorf("the list of libraries in %s points outside its package", native)
		}
		target := filepath.Join(root, link.Target)
		if _, err := os.Lstat(target); err == nil {
			continue
		}
		source, err := filepath.Rel(filepath.Dir(target), filepath.Join(root, link.Source))
		if err != nil {
			return fmt.Errorf("link a library of PostgreSQL: %w", err)
		}
		// Another process may be doing the same.
		if err := os.Symlink(source, target); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link a library of PostgreSQL (run `npm ci` in .tools with its install scripts, as the owner of that folder): %w", err)
		}
	}
	return nil
}
