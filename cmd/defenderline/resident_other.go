//go:build !linux

package main

// letCodeGo does nothing here; see resident_linux.go.
func letCodeGo() {}
