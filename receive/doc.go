// Package receive takes archives that other hosts push over HTTP: the protocol of
// pmproxy 7, as pmlogger and pmlogpush speak it. docs/push.md describes it.
//
// [Open] takes a folder, [Receiver.Handler] serves the protocol, and [Receiver.Run]
// publishes archives that are complete.
//
//	DIR/.receiving/NUMBER/NAME.…  an archive that is being received; NUMBER names it to clients
//	DIR/HOST/NAME.…               a received archive; NAME is its start, as in 20260301.12.00
//
// A reader of DIR finds both. An archive that has no data record yet is in a folder that
// readers leave out.
//
// # Promises
//
// The receiver replies after the bytes are on the disk. It accepts only bytes that
// continue the file: whole records must be valid, and not earlier than those before them.
// After a crash of the receiver, clients continue with the same number. A client that
// begins again with the same archive label sends bytes that the receiver has: it compares
// them, and continues where they end.
package receive
