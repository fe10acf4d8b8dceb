import { sha256 } from './sha256';

const LIMIT = 64;

/**
 * The slash-free form in which ids travel in REST paths: the same as the
 * server's (`ids.slug`), so that an address can be made without asking.
 */
export function slug(id: string): string {
  if (!id) {
    return '-root';
  }
  let text = '';
  for (const char of id) {
    if (/[A-Za-z0-9_]/.test(char)) {
      text += char;
    } else if (char === '/') {
      text += '-s';
    } else if (char === '-') {
      text += '--';
    } else {
      for (const byte of new TextEncoder().encode(char)) {
        text += `-x${byte.toString(16).padStart(2, '0')}`;
      }
    }
  }
  return text.length <= LIMIT
    ? text
    : `${text.slice(0, LIMIT - 18)}-h${sha256(id).slice(0, 16)}`;
}
