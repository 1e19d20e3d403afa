package fileid

import "syscall"

func changeTime(stat *syscall.Stat_t) syscall.Timespec { return stat.Ctim }
