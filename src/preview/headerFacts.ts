const BARS_WIDTH = 72;
const LEAST_BARS = 24;
const GAP = 6;

export interface IFacts {
  /** How wide the bars of the distribution are; 0: none. */
  bars: number;
  /** Where the share of nulls begins; undefined: it is left out. */
  share?: number;
}

/**
 * What of a column's facts fits into its header.
 *
 * The share of nulls is shown whole or not at all. Bars give way to it when
 * there are nulls: that there are none is no news.
 */
export function headerFacts(
  room: number,
  share: number,
  bars: boolean,
  nulls: boolean
): IFacts {
  if (!bars) {
    return { bars: 0, share: share <= room ? 0 : undefined };
  }
  const full = Math.min(BARS_WIDTH, room);
  const least = nulls ? Math.min(LEAST_BARS, full) : full;
  if (least + GAP + share > room) {
    return { bars: full };
  }
  const width = Math.min(full, room - GAP - share);
  return { bars: width, share: width + GAP };
}
