package logs

import "golang.org/x/sys/unix"

const folderFlags = unix.O_RDONLY

func ctime(st *unix.Stat_t) unix.Timespec { return st.Ctim }
