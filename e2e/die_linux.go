package e2e

import "syscall"

// dieWithUs has the kernel end the program when the test process dies.
func dieWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
