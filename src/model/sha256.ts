/*
 * SHA-256 of a text. The browser's own is asynchronous and missing on pages
 * that are not served over https or from localhost.
 */
const PRIMES = firstPrimes(64);
const ROUND = PRIMES.map(prime => fraction(Math.cbrt(prime)));
const START = PRIMES.slice(0, 8).map(prime => fraction(Math.sqrt(prime)));

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let value = 2; primes.length < count; value++) {
    if (primes.every(prime => value % prime !== 0)) {
      primes.push(value);
    }
  }
  return primes;
}

function fraction(value: number): number {
  return ((value - Math.floor(value)) * 2 ** 32) >>> 0;
}

function turn(value: number, by: number): number {
  return (value >>> by) | (value << (32 - by));
}

function padded(bytes: Uint8Array): DataView {
  const length = (((bytes.length + 8) >> 6) + 1) << 6;
  const block = new Uint8Array(length);
  block.set(bytes);
  block[bytes.length] = 0x80;
  const view = new DataView(block.buffer);
  view.setUint32(length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(length - 4, (bytes.length << 3) >>> 0);
  return view;
}

/** The SHA-256 of the UTF-8 bytes of `text`, in hexadecimal. */
export function sha256(text: string): string {
  const view = padded(new TextEncoder().encode(text));
  const hash = START.slice();
  const words = new Uint32Array(64);
  for (let offset = 0; offset < view.byteLength; offset += 64) {
    for (let index = 0; index < 16; index++) {
      words[index] = view.getUint32(offset + index * 4);
    }
    for (let index = 16; index < 64; index++) {
      const near = words[index - 2];
      const far = words[index - 15];
      words[index] =
        words[index - 16] +
        words[index - 7] +
        (turn(far, 7) ^ turn(far, 18) ^ (far >>> 3)) +
        (turn(near, 17) ^ turn(near, 19) ^ (near >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let index = 0; index < 64; index++) {
      const one =
        (h +
          (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
          ((e & f) ^ (~e & g)) +
          ROUND[index] +
          words[index]) |
        0;
      const two =
        ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
          ((a & b) ^ (a & c) ^ (b & c))) |
        0;
      [h, g, f, e, d, c, b, a] = [
        g,
        f,
        e,
        (d + one) | 0,
        c,
        b,
        a,
        (one + two) | 0
      ];
    }
    [a, b, c, d, e, f, g, h].forEach((value, index) => {
      hash[index] = (hash[index] + value) >>> 0;
    });
  }
  return hash.map(value => value.toString(16).padStart(8, '0')).join('');
}
