// Package defenderline is the root of the line that joins human rights
// defenders with a mission's duty officers and with NGOs, so that nobody in
// between reads what was written. It holds no code, only the tests of what is
// true of the whole house: who may import whom, how the code is shaped, what
// the container may do, what a test run may install.
//
// Start reading at README.md for what the line protects and what it does not;
// then flows, which holds the conversations as tables a caseworker can read;
// then bot, where one message's way is told in one file; then referrals, which
// decides who receives a case and what happens when nobody answers. The
// dangerous dependencies live behind one door each: Telegram in bot, Redis in
// referrals/store, OpenPGP in referrals/seal, YAML in configs.
package defenderline
