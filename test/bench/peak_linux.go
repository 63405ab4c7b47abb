package main

import (
	"os/exec"
	"syscall"
)

// peak is the most memory that an ended program held, in MiB.
func peak(cmd *exec.Cmd) float64 {
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return float64(usage.Maxrss) / 1024
}
