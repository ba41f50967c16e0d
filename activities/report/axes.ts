import { html, type Markup } from './html.js';

/** The outer size of a chart and the room around its plotting area, in pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
/** A scale of d3-scale, as far as axes need it. */
export interface AxisScale<T> {
  (value: T): number;
  ticks(count: number): readonly T[];
}

/** Pixels with one digit: more would only make the page larger. */
export function px(value: number): string {
  return value.toFixed(1);
}

/** From the left edge of the plotting area to its right one, for a scale's range. */
export function across({ left, width, right }: Frame): [number, number] {
  return [left, width - right];
}

/** From the bottom of the plotting area to its top, for a scale's range. */
export function upwards({ height, bottom, top }: Frame): [number, number] {
  return [height - bottom, top];
}

/** Lines across at round values, with their values at the left. */
export function rowsOfGrid(
  frame: Frame,
  scale: AxisScale<number>,
  text: (value: number) => string,
  count = 5,
): Markup {
  const [from, to] = across(frame);
  return html`${scale.ticks(count).map((value) => {
    const y = scale(value);
    return html`<line class="grid" x1="${from}" x2="${to}" y1="${px(y)}" y2="${px(y)}" /><text
        x="${from - 6}"
        y="${px(y + 4)}"
        text-anchor="end"
        >${text(value)}</text
      >`;
  })}`;
}

/** Marks below the plotting area at round values, with their values under them. */
export function ticksBelow<T>(
  frame: Frame,
  scale: AxisScale<T>,
  text: (value: T) => string,
  count = 6,
): Markup {
  const [y] = upwards(frame);
  return html`<line class="grid" x1="${frame.left}" x2="${frame.width - frame.right}" y1="${y}" y2="${y}" />
    ${scale.ticks(count).map((value) => {
      const x = px(scale(value));
      return html`<line class="grid" x1="${x}" x2="${x}" y1="${y}" y2="${y + 4}" /><text
          x="${x}"
          y="${y + 17}"
          text-anchor="middle"
          >${text(value)}</text
        >`;
    })}`;
}

/** What the axis below shows, under its middle. */
export function nameBelow(frame: Frame, name: string): Markup {
  const [from, to] = across(frame);
  return html`<text class="axis" x="${px((from + to) / 2)}" y="${frame.height - 4}" text-anchor="middle"
    >${name}</text
  >`;
}
