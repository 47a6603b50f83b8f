//go:build !linux

package main

// letFileGo does nothing here; see resident_linux.go.
func letFileGo() {}
