// Package cli understands Croft's command line: flags, environment and drive
// lists. It decides nothing else and touches no file.
package cli

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxDrives bounds what one pattern may expand to, so that a typing error such
// as {1...10000000} is told instead of tried.
const maxDrives = 1024

var rangePattern = regexp.MustCompile(`^\{([0-9]+)\.\.\.([0-9]+)\}`)

// ExpandPools expands {a...b} in each argument, left to right, and refuses an
// empty list and repeats. Numbers keep the width of a zero-padded start: {01...16}.
// Of several arguments with a range each is a pool of its own, and so are plain paths
// together; otherwise all are one pool.
func ExpandPools(args []string) ([][]string, error) {
	ranges := 0
	for _, arg := range args {
		if strings.Contains(arg, "{") {
			ranges++
		}
	}
	var pools [][]string
	plain := -1 // the pool of plain paths
	seen := make(map[string]bool)
	for _, arg := range args {
		if arg == "" {
			return nil, errors.New("an empty path was given as a drive")
		}
		expanded, err := expand(arg)
		if err != nil {
			return nil, err
		}
		for _, drive := range expanded {
			if seen[drive] {
				return nil, fmt.Errorf("%s is named twice: give each drive once", drive)
			}
			seen[drive] = true
		}
		switch {
		case ranges > 1 && strings.Contains(arg, "{"):
			pools = append(pools, expanded)
		case plain < 0:
			plain = len(pools)
			pools = append(pools, expanded)
		default:
			pools[plain] = append(pools[plain], expanded...)
		}
	}
	if len(pools) == 0 {
		return nil, errors.New("no drive was given: name at least one folder, for example `croft server ./data`")
	}
	return pools, nil
}

func expand(arg string) ([]string, error) {
	open := strings.IndexByte(arg, '{')
	if open < 0 {
		return []string{arg}, nil
	}
	match := rangePattern.FindStringSubmatch(arg[open:])
	if match == nil {
		return nil, fmt.Errorf("%s: a range is written {1...4}, with three dots and two numbers", arg)
	}
	first, err1 := strconv.Atoi(match[1])
	last, err2 := strconv.Atoi(match[2])
	switch {
	case err1 != nil || err2 != nil || last-first >= maxDrives:
		return nil, fmt.Errorf("%s: a range names at most %d drives", arg, maxDrives)
	case first > last:
		return nil, fmt.Errorf("%s: the range runs backwards", arg)
	}
	width := 0
	if strings.HasPrefix(match[1], "0") {
		width = len(match[1])
	}
	tails, err := expand(arg[open+len(match[0]):])
	if err != nil {
		return nil, err
	}
	var drives []string
	for n := first; n <= last; n++ {
		for _, tail := range tails {
			drives = append(drives, fmt.Sprintf("%s%0*d%s", arg[:open], width, n, tail))
		}
		if len(drives) > maxDrives {
			return nil, fmt.Errorf("%s: a range names at most %d drives", arg, maxDrives)
		}
	}
	return drives, nil
}
