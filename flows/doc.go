// Package flows holds the conversations as tables and steps through them.
//
// Stepping is a pure function: session and input in, session, screen and effects out. No
// time, no randomness, no language, no messenger: texts are named by key, and whoever carries the
// conversation renders them.
package flows
