"""Stands for the compiled module: the names are there, a screen is not."""
from _sandbox import missing as _missing


class error(Exception):
    pass


class window:
    def __init__(self, *_):
        raise error(_missing("curses", "it has no terminal"))


def _no_screen(*_args, **_kwargs):
    raise error(_missing("curses", "it has no terminal"))


ERR, OK = -1, 0
version = b"2.2"
A_NORMAL, A_ATTRIBUTES, A_CHARTEXT, A_COLOR = 0, 0xFFFFFF00, 0xFF, 0xFF00
(A_STANDOUT, A_UNDERLINE, A_REVERSE, A_BLINK, A_DIM, A_BOLD, A_ALTCHARSET, A_INVIS, A_PROTECT, A_HORIZONTAL, A_LEFT, A_LOW,
 A_RIGHT, A_TOP, A_VERTICAL, A_ITALIC) = (1 << n for n in range(16, 32))
COLOR_BLACK, COLOR_RED, COLOR_GREEN, COLOR_YELLOW, COLOR_BLUE, COLOR_MAGENTA, COLOR_CYAN, COLOR_WHITE = range(8)
KEY_MIN, KEY_BREAK, KEY_DOWN, KEY_UP, KEY_LEFT, KEY_RIGHT, KEY_HOME, KEY_BACKSPACE, KEY_F0 = range(0o400, 0o411)
globals().update({f"KEY_F{n}": KEY_F0 + n for n in range(1, 64)})
KEY_DC, KEY_IC, KEY_NPAGE, KEY_PPAGE, KEY_ENTER, KEY_END, KEY_MOUSE, KEY_RESIZE, KEY_MAX = (
    0o512, 0o513, 0o522, 0o523, 0o527, 0o550, 0o631, 0o632, 0o777)
KEY_BTAB, KEY_STAB, KEY_SLEFT, KEY_SRIGHT, KEY_SHOME, KEY_SEND = 0o541, 0o524, 0o611, 0o622, 0o607, 0o602
ALL_MOUSE_EVENTS, REPORT_MOUSE_POSITION, BUTTON1_PRESSED, BUTTON1_RELEASED, BUTTON1_CLICKED = 0xFFFFFFF, 0x10000000, 2, 1, 4
_NAMES = """baudrate beep can_change_color cbreak color_content color_pair curs_set def_prog_mode def_shell_mode delay_output
doupdate echo endwin erasechar filter flash flushinp getmouse getsyx getwin halfdelay has_colors has_ic has_il has_key init_color
init_pair initscr intrflush is_term_resized isendwin keyname killchar longname meta mouseinterval mousemask napms newpad newwin nl
nocbreak noecho nonl noqiflush noraw pair_content pair_number putp qiflush raw reset_prog_mode reset_shell_mode resetty resize_term
resizeterm savetty setsyx setupterm start_color termattrs termname tigetflag tigetnum tigetstr tparm typeahead unctrl unget_wch
ungetch ungetmouse update_lines_cols use_default_colors use_env assume_default_colors get_escdelay set_escdelay get_tabsize
set_tabsize has_extended_color_support""".split()
globals().update({name: _no_screen for name in _NAMES})
