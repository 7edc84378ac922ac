// Package machine measures what the machine itself gives: its disk, one of its
// cores, its loopback, and what a process takes of it. Figures of a store mean
// something only beside these, taken in the same run.
package machine
