// Package directory reads a directory as one consistent tree of files, and tells when
// to read it again. It knows nothing of policies.
//
// A [Reader] never mixes two generations of files: it follows the links by which a
// whole directory is swapped once (git-sync's, and "..data" in the volume of a
// ConfigMap or Secret), lists the files before and after reading, and reads again
// where the two lists differ. [Reader.Read] reads everything; [Reader.ReadChanged]
// trusts the file system where it says that a file is the same still.
//
// Names with a leading dot are skipped. Where a file name cannot hold a slash, ".."
// stands for it: "managed..developers.json" is the file managed/developers.json of the
// tree, and [Names] tells errors what it is called on disk. A link to a file counts as
// the file. What is neither file nor directory is an error, and so is what is too
// large; nothing hangs a reader.
//
// A [Notifier] makes one signal of the file system's events. It can be deaf (network
// file systems, no inotify instances left), so that polling must not end.
//
// The map of the package:
//
//	reader.go            Reader: whole or not at all
//	tree.go              Tree: texts by path, and their digest
//	file.go              the files of a listing, read
//	listing.go           which files and directories there are
//	stamp.go             what has the same stamp still need not be read again
//	changetime_linux.go  when a file last changed, on Linux
//	changetime_other.go  and elsewhere, where it is not told
//	limits.go            Layout: how large a file may be, and the whole
//	root.go              a single path for a directory, and the links that swap it as a whole
//	names.go             how files are called on disk, and errors that name them
//	notifier.go          Notifier: file system events as one signal
//	watched.go           the directories whose events count
//	waypoints.go         the links by which a path leads to its directory
package directory
