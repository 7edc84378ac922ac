package testimage

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

var base = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}

func busyboxRecipe() (recipe, error) {
	binary, err := findBusybox()
	if err != nil {
		return recipe{}, err
	}
	hash, err := hashOf(binary, "busybox")
	if err != nil {
		return recipe{}, err
	}
	list, err := exec.Command(binary, "--list").Output()
	if err != nil {
		return recipe{}, fmt.Errorf("%s --list: %w", binary, err)
	}
	applets := strings.Fields(string(list))
	return recipe{name: "busybox", hash: hash, env: base, write: func(l *layer) error {
		return writeBusybox(l, binary, applets)
	}}, nil
}

// findBusybox finds a busybox that needs no libraries, since the image will have none.
func findBusybox() (string, error) {
	const advice = "needs a statically linked busybox (Debian: apt install busybox-static)"
	binary, err := exec.LookPath("busybox")
	if err != nil {
		return "", fmt.Errorf("%w: it %s", errIngredient, advice)
	}
	f, err := elf.Open(binary)
	if err != nil {
		return "", fmt.Errorf("%w: it %s, and %s is no Linux program", errIngredient, advice, binary)
	}
	defer func() { _ = f.Close() }()
	if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return "", fmt.Errorf("%w: it %s, and %s is not", errIngredient, advice, binary)
	}
	return binary, nil
}

func writeBusybox(l *layer, binary string, applets []string) error {
	failed := []error{
		l.dir("bin", 0o755), l.dir("etc", 0o755), l.dir("root", 0o700), l.dir("usr", 0o755),
		l.dir("usr/bin", 0o755), l.dir("tmp", 0o1777), l.dir("var", 0o755), l.dir("var/tmp", 0o1777),
		l.text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n"),
		l.text("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
		l.file("bin/busybox", binary),
		l.link("usr/bin/env", "/bin/busybox"),
	}
	for _, applet := range applets {
		if applet != "busybox" {
			failed = append(failed, l.link("bin/"+applet, "busybox"))
		}
	}
	return errors.Join(failed...)
}

// hashOf names an image by the file it is made from and whatever else decides its content.
func hashOf(file string, more ...string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	h.Write(content)
	h.Write([]byte(version + strings.Join(more, "\x00")))
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}
