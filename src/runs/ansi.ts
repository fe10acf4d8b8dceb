/**
 * Text with terminal colours, as pieces with the classes that JupyterLab's
 * own output uses. Pure.
 */

export interface IPiece {
  text: string;
  className: string;
  style?: { color?: string; backgroundColor?: string };
}

const NAMES = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white'
];

interface IPen {
  fg: number | string | null;
  bg: number | string | null;
  bold: boolean;
  underline: boolean;
  inverse: boolean;
}

const PLAIN: IPen = {
  fg: null,
  bg: null,
  bold: false,
  underline: false,
  inverse: false
};

/** One of the 256 colours of terminals beyond the first 16. */
function extended(index: number): string {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const cube = index - 16;
  const level = (value: number): number => (value ? 55 + value * 40 : 0);
  const red = level(Math.floor(cube / 36));
  const green = level(Math.floor((cube % 36) / 6));
  return `rgb(${red}, ${green}, ${level(cube % 6)})`;
}

/** The colour after `38` or `48`, and how many codes it took. */
function colour(codes: number[], at: number): [number | string | null, number] {
  if (codes[at] === 5) {
    const index = codes[at + 1] ?? 0;
    return [index < 16 ? index : extended(index), 2];
  }
  if (codes[at] === 2) {
    const [red, green, blue] = codes.slice(at + 1, at + 4);
    return [`rgb(${red ?? 0}, ${green ?? 0}, ${blue ?? 0})`, 4];
  }
  return [null, 1];
}

function apply(pen: IPen, codes: number[]): IPen {
  let next = { ...pen };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (code === 0) {
      next = { ...PLAIN };
    } else if (code === 1) {
      next.bold = true;
    } else if (code === 4) {
      next.underline = true;
    } else if (code === 7) {
      next.inverse = true;
    } else if (code === 21 || code === 22) {
      next.bold = false;
    } else if (code === 24) {
      next.underline = false;
    } else if (code === 27) {
      next.inverse = false;
    } else if (code >= 30 && code <= 37) {
      next.fg = code - 30;
    } else if (code >= 40 && code <= 47) {
      next.bg = code - 40;
    } else if (code >= 90 && code <= 97) {
      next.fg = code - 82;
    } else if (code >= 100 && code <= 107) {
      next.bg = code - 92;
    } else if (code === 39) {
      next.fg = null;
    } else if (code === 49) {
      next.bg = null;
    } else if (code === 38 || code === 48) {
      const [value, used] = colour(codes, at + 1);
      next[code === 38 ? 'fg' : 'bg'] = value;
      at += used;
    }
  }
  return next;
}

function pieceOf(text: string, pen: IPen): IPiece {
  const classes: string[] = [];
  const style: IPiece['style'] = {};
  const [fg, bg] = pen.inverse ? [pen.bg, pen.fg] : [pen.fg, pen.bg];
  const add = (value: number | string | null, part: 'fg' | 'bg'): void => {
    if (typeof value === 'number') {
      const name = NAMES[value % 8] + (value >= 8 ? '-intense' : '');
      classes.push(`ansi-${name}-${part}`);
    } else if (value) {
      style[part === 'fg' ? 'color' : 'backgroundColor'] = value;
    } else if (pen.inverse) {
      classes.push(`ansi-default-inverse-${part}`);
    }
  };
  add(fg, 'fg');
  add(bg, 'bg');
  if (pen.bold) {
    classes.push('ansi-bold');
  }
  if (pen.underline) {
    classes.push('ansi-underline');
  }
  const piece: IPiece = { text, className: classes.join(' ') };
  if (style.color || style.backgroundColor) {
    piece.style = style;
  }
  return piece;
}

// ESC [ … letter; other escape sequences are dropped.
// eslint-disable-next-line no-control-regex
const SEQUENCE = /\u001b\[([0-9;:]*)([A-Za-z])|\u001b\][^\u0007]*\u0007/g;

/** A line that was written over with carriage returns shows its last state. */
function settle(text: string): string {
  return text.replace(/\r+\n/g, '\n').replace(/[^\n]*\r(?=[^\n])/g, '');
}

/** Split text at its colour codes. */
export function parseAnsi(source: string): IPiece[] {
  const text = settle(source);
  const pieces: IPiece[] = [];
  let pen = PLAIN;
  let from = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    if (match.index > from) {
      pieces.push(pieceOf(text.slice(from, match.index), pen));
    }
    from = match.index + match[0].length;
    if (match[2] === 'm') {
      const codes = match[1].split(/[;:]/).map(code => Number(code || 0));
      pen = apply(pen, codes);
    }
  }
  if (from < text.length) {
    pieces.push(pieceOf(text.slice(from), pen));
  }
  return pieces;
}

/** The text without its codes. */
export function plainText(source: string): string {
  return parseAnsi(source)
    .map(piece => piece.text)
    .join('');
}

/** Cut pieces where `needle` is found, so that it can be marked. */
export function markPieces(
  pieces: readonly IPiece[],
  needle: string
): (IPiece & { hit: boolean })[] {
  if (!needle) {
    return pieces.map(piece => ({ ...piece, hit: false }));
  }
  const wanted = needle.toLowerCase();
  const out: (IPiece & { hit: boolean })[] = [];
  for (const piece of pieces) {
    const low = piece.text.toLowerCase();
    let from = 0;
    for (let at = low.indexOf(wanted); at >= 0;) {
      if (at > from) {
        out.push({ ...piece, text: piece.text.slice(from, at), hit: false });
      }
      from = at + wanted.length;
      out.push({ ...piece, text: piece.text.slice(at, from), hit: true });
      at = low.indexOf(wanted, from);
    }
    if (from < piece.text.length) {
      out.push({ ...piece, text: piece.text.slice(from), hit: false });
    }
  }
  return out;
}
