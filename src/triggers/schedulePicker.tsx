import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Interval, Mode, Picker } from './cron';
import {
  formatTime,
  fromCron,
  INTERVALS,
  MINUTE_STEPS,
  parseTime,
  switchMode,
  toCron
} from './cron';

interface ISchedulePickerProps {
  schedule: string;
  invalid: boolean;
  trans: TranslationBundle;
  onChange: (schedule: string) => void;
}

interface IPartProps<T extends Picker> {
  picker: T;
  trans: TranslationBundle;
  onPick: (picker: Picker) => void;
}

type Timed = Extract<Picker, { hour: number }>;

function TimeInput(props: IPartProps<Timed>): JSX.Element {
  const { picker, trans, onPick } = props;
  return (
    <label className="mage-Picker-part">
      {trans.__('at')}
      <input
        className="mage-Field-input"
        type="time"
        aria-label={trans.__('Time of day')}
        value={formatTime(picker.hour, picker.minute)}
        onChange={event => {
          const time = parseTime(event.target.value);
          if (time) {
            onPick({ ...picker, ...time });
          }
        }}
      />
    </label>
  );
}

function WeekDays(
  props: IPartProps<Extract<Picker, { mode: 'weekly' }>>
): JSX.Element {
  const { picker, trans, onPick } = props;
  const names = [
    trans.__('Sun'),
    trans.__('Mon'),
    trans.__('Tue'),
    trans.__('Wed'),
    trans.__('Thu'),
    trans.__('Fri'),
    trans.__('Sat')
  ];
  return (
    <span
      className="mage-Picker-days"
      role="group"
      aria-label={trans.__('Days of the week')}
    >
      {[1, 2, 3, 4, 5, 6, 0].map(day => {
        const on = picker.days.includes(day);
        return (
          <button
            key={day}
            type="button"
            aria-pressed={on}
            // A week without days is no schedule.
            disabled={on && picker.days.length === 1}
            onClick={() =>
              onPick({
                ...picker,
                days: on
                  ? picker.days.filter(item => item !== day)
                  : [...picker.days, day]
              })
            }
          >
            {names[day]}
          </button>
        );
      })}
    </span>
  );
}

function Numbers(props: {
  label: string;
  before: string;
  after: string;
  value: number;
  values: readonly number[];
  onChange: (value: number) => void;
}): JSX.Element {
  return (
    <label className="mage-Picker-part">
      {props.before}
      <select
        className="mage-Field-input"
        aria-label={props.label}
        value={props.value}
        onChange={event => props.onChange(Number(event.target.value))}
      >
        {props.values.map(value => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
      {props.after}
    </label>
  );
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

function Details(props: IPartProps<Picker>): JSX.Element | null {
  const { picker, trans, onPick } = props;
  switch (picker.mode) {
    case 'minutes':
      return (
        <Numbers
          label={trans.__('Minutes between runs')}
          before={trans.__('every')}
          after={trans.__('minutes')}
          value={picker.every}
          values={MINUTE_STEPS}
          onChange={every => onPick({ ...picker, every })}
        />
      );
    case 'hourly':
      return (
        <Numbers
          label={trans.__('Minute of the hour')}
          before={trans.__('at minute')}
          after=""
          value={picker.minute}
          values={range(0, 59)}
          onChange={minute => onPick({ ...picker, minute })}
        />
      );
    case 'daily':
      return <TimeInput {...props} picker={picker} />;
    case 'weekly':
      return (
        <>
          <WeekDays {...props} picker={picker} />
          <TimeInput {...props} picker={picker} />
        </>
      );
    case 'monthly':
      return (
        <>
          <Numbers
            label={trans.__('Day of the month')}
            before={trans.__('on day')}
            after=""
            value={picker.day}
            values={range(1, 31)}
            onChange={day => onPick({ ...picker, day })}
          />
          <TimeInput {...props} picker={picker} />
        </>
      );
    case 'interval':
      return (
        <select
          className="mage-Field-input"
          aria-label={trans.__('Interval')}
          value={picker.interval}
          onChange={event =>
            onPick({ ...picker, interval: event.target.value as Interval })
          }
        >
          {INTERVALS.map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      );
    case 'custom':
      return <CronFields {...props} picker={picker} />;
  }
}

function CronFields(
  props: IPartProps<Extract<Picker, { mode: 'custom' }>>
): JSX.Element {
  const { picker, trans, onPick } = props;
  const names = [
    trans.__('minute'),
    trans.__('hour'),
    trans.__('day'),
    trans.__('month'),
    trans.__('weekday')
  ];
  return (
    <span className="mage-Picker-fields">
      {names.map((name, at) => (
        <label key={name}>
          <input
            className="mage-Field-input"
            aria-label={name}
            spellCheck={false}
            value={picker.fields[at] ?? ''}
            onChange={event =>
              onPick({
                ...picker,
                fields: picker.fields.map((field, index) =>
                  index === at ? event.target.value.replace(/\s/g, '') : field
                )
              })
            }
          />
          {name}
        </label>
      ))}
    </span>
  );
}

/** A schedule, picked or typed; both show the same. */
export function SchedulePicker(props: ISchedulePickerProps): JSX.Element {
  const { schedule, invalid, trans, onChange } = props;
  // "Custom" stays chosen while its text happens to be a simple one.
  const [custom, setCustom] = React.useState(false);
  const read = fromCron(schedule);
  const picker: Picker =
    custom && read.mode !== 'interval' ? switchMode(read, 'custom') : read;
  const modes: [Mode, string][] = [
    ['minutes', trans.__('Every few minutes')],
    ['hourly', trans.__('Hourly')],
    ['daily', trans.__('Daily')],
    ['weekly', trans.__('Weekly')],
    ['monthly', trans.__('Monthly')],
    ['custom', trans.__('Custom')],
    ['interval', trans.__('Mage interval (UTC)')]
  ];
  return (
    <div className="mage-Picker">
      <div className="mage-Picker-row">
        <select
          className="mage-Field-input"
          aria-label={trans.__('How often')}
          value={picker.mode}
          onChange={event => {
            const mode = event.target.value as Mode;
            setCustom(mode === 'custom');
            onChange(toCron(switchMode(read, mode)));
          }}
        >
          {modes.map(([mode, name]) => (
            <option key={mode} value={mode}>
              {name}
            </option>
          ))}
        </select>
        <Details
          picker={picker}
          trans={trans}
          onPick={picked => onChange(toCron(picked))}
        />
      </div>
      <label className="mage-Picker-text">
        {trans.__('as cron')}
        <input
          className="mage-Field-input"
          aria-label={trans.__('Cron expression')}
          aria-invalid={invalid}
          spellCheck={false}
          value={schedule}
          onChange={event => {
            setCustom(false);
            onChange(event.target.value);
          }}
        />
      </label>
    </div>
  );
}
