package main

import "syscall"

// dieWithUs has the kernel end the server when this process dies.
func dieWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
