package testimage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

const certificates = "/etc/ssl/certs/ca-certificates.crt"

func goRecipe() (recipe, error) {
	if runtime.GOOS != "linux" {
		return recipe{}, fmt.Errorf("%w: it needs a Go toolchain for Linux, and this machine's is for %s", errIngredient, runtime.GOOS)
	}
	busybox, err := busyboxRecipe()
	if err != nil {
		return recipe{}, err
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return recipe{}, fmt.Errorf("%w: it needs the go command: %w", errIngredient, err)
	}
	root := strings.TrimSpace(string(out))
	hash, err := hashOf(filepath.Join(root, "VERSION"), "go", busybox.hash, runtime.GOARCH)
	if err != nil {
		return recipe{}, err
	}
	env := append([]string{"GOTOOLCHAIN=local", "CGO_ENABLED=0", "GOPATH=/go"}, base[1:]...)
	env = append(env, "PATH=/usr/local/go/bin:/go/bin"+strings.TrimPrefix(base[0], "PATH=/usr/local/sbin:/usr/local/bin"))
	return recipe{name: "go", hash: hash, env: env, write: func(l *layer) error {
		if err := busybox.write(l); err != nil {
			return err
		}
		return writeGo(l, root)
	}}, nil
}

// writeGo adds what compiling and testing offline needs of a toolchain, and no more.
func writeGo(l *layer, root string) error {
	const home = "usr/local/go"
	failed := []error{l.dir("usr/local", 0o755), l.dir(home, 0o755), l.dir("go", 0o777)}
	if _, err := os.Stat(certificates); err == nil {
		failed = append(failed, l.dir("etc/ssl", 0o755), l.dir("etc/ssl/certs", 0o755), l.file(certificates[1:], certificates))
	}
	for _, name := range []string{"VERSION", "go.env", "LICENSE"} {
		failed = append(failed, l.file(path.Join(home, name), filepath.Join(root, name)))
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	for _, top := range []string{"bin", "pkg", "src"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(source string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(root, source)
			if err != nil {
				return err
			}
			relative = filepath.ToSlash(relative)
			switch {
			case d.IsDir() && (d.Name() == "testdata" || relative == "src/cmd"):
				return filepath.SkipDir
			case d.IsDir():
				return l.dir(path.Join(home, relative), 0o755)
			case !d.Type().IsRegular(), strings.HasSuffix(relative, "_test.go"), strings.HasSuffix(relative, ".syso"):
				return nil
			}
			return l.file(path.Join(home, relative), source)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
