"""termios for the sandbox, where no stream is a terminal: each call answers what it answers for a file or a pipe."""
import os as _os


class error(Exception):
    pass


def _no_terminal(fd, *_):
    _os.fstat(fd if isinstance(fd, int) else fd.fileno())
    raise error(25, "Inappropriate ioctl for device")


tcgetattr = tcsetattr = tcsendbreak = tcdrain = tcflush = tcflow = tcgetwinsize = tcsetwinsize = _no_terminal
(VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART, VSTOP, VSUSP, VEOL, VREPRINT, VDISCARD, VWERASE, VLNEXT,
 VEOL2) = range(17)
IGNBRK, BRKINT, IGNPAR, PARMRK, INPCK, ISTRIP, INLCR, IGNCR, ICRNL, IUCLC, IXON, IXANY, IXOFF, IMAXBEL = (1 << n for n in range(14))
OPOST, OLCUC, ONLCR, OCRNL, ONOCR, ONLRET, OFILL, OFDEL = (1 << n for n in range(8))
ISIG, ICANON, XCASE, ECHO, ECHOE, ECHOK, ECHONL, NOFLSH, TOSTOP = (1 << n for n in range(9))
ECHOCTL, ECHOPRT, ECHOKE, FLUSHO, PENDIN, IEXTEN = 0o1000, 0o2000, 0o4000, 0o10000, 0o40000, 0o100000
CSIZE, CS5, CS6, CS7, CS8, CSTOPB, CREAD, PARENB, PARODD, HUPCL, CLOCAL = 0o60, 0, 0o20, 0o40, 0o60, 0o100, 0o200, 0o400, 0o1000, 0o2000, 0o4000
TCSANOW, TCSADRAIN, TCSAFLUSH, TCIFLUSH, TCOFLUSH, TCIOFLUSH, TCOOFF, TCOON, TCIOFF, TCION = 0, 1, 2, 0, 1, 2, 0, 1, 2, 3
B0, B50, B75, B110, B134, B150, B200, B300, B600, B1200, B1800, B2400, B4800, B9600, B19200, B38400 = range(16)
B57600, B115200, NCCS = 0o10001, 0o10002, 32
TIOCGWINSZ, TIOCSWINSZ, TIOCGPGRP, TIOCSPGRP, FIONREAD = 0x5413, 0x5414, 0x540F, 0x5410, 0x541B
