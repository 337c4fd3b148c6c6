// Runs in the reader's browser: draws the charts from the data in the page. Colours are the page's own, so a change of
// the system's scheme redraws them. Nothing is loaded from anywhere.
(() => {
  const { uPlot, document, matchMedia, getComputedStyle, devicePixelRatio, ResizeObserver } =
    globalThis;
  const { results } = JSON.parse(document.getElementById('data').textContent);
  const HEIGHT = { events: 170, errors: 140, latency: 140, pipe: 240 };
  /** What lasts nearly all the time has no place in a picture: it is named above it. */
  const WHOLE_SHARE = 0.9;
  /** Labels of neighbours stand below each other. */
  const LABEL_ROWS = 3;
  let drawn = [];

  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  /** Shades the stretches of faults and chaos behind the lines, with their names where there is room. */
  function bandsPlugin(bands, hasLabels) {
    const eachBand = (u, draw) => {
      const { left, top, width, height } = u.bbox;
      u.ctx.save();
      u.ctx.beginPath();
      u.ctx.rect(left, top, width, height);
      u.ctx.clip();
      bands.forEach((band, index) => {
        const from = u.valToPos(band.from, 'x', true);
        // What takes no time is still to be seen.
        const to = Math.max(u.valToPos(band.to, 'x', true), from + 2 * devicePixelRatio);
        draw({ ...band, from, to, index, top, height });
      });
      u.ctx.restore();
    };
    return {
      hooks: {
        drawClear: (u) =>
          eachBand(u, ({ from, to, top, height, colour: name }) => {
            u.ctx.fillStyle = colour(`${name}-soft`);
            u.ctx.fillRect(from, top, to - from, height);
          }),
        draw: (u) =>
          eachBand(u, ({ from, top, index, colour: name, label }) => {
            if (!hasLabels) return;
            u.ctx.fillStyle = colour(name);
            u.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
            u.ctx.textAlign = 'left';
            u.ctx.textBaseline = 'top';
            const row = index % LABEL_ROWS;
            const y = top + (4 + 14 * row) * devicePixelRatio;
            const roomEnd = u.bbox.left + u.bbox.width - u.ctx.measureText(label).width;
            u.ctx.fillText(label, Math.min(from + 4 * devicePixelRatio, roomEnd), y);
          }),
      },
    };
  }

  function axis(more) {
    return {
      stroke: colour('muted'),
      font: '11px system-ui, sans-serif',
      grid: { stroke: colour('grid'), width: 1 },
      ticks: { stroke: colour('grid'), width: 1, size: 4 },
      ...more,
    };
  }

  function series({ label, colour: name, isFilled, unit }) {
    return {
      label,
      stroke: colour(name),
      width: 1.6,
      points: { show: false },
      ...(isFilled && { fill: colour(`${name}-soft`) }),
      value: (_u, value) => (value == null ? '–' : `${short(value)}${unit}`),
    };
  }

  function short(value) {
    const size = Math.abs(value);
    if (size >= 1e6) return `${+(value / 1e6).toFixed(2)}M`;
    if (size >= 1e4) return `${+(value / 1e3).toFixed(1)}k`;
    return String(+value.toFixed(size < 10 ? 2 : 0));
  }

  /** The day where it changes, and as little of the time as tells two ticks apart; UTC. */
  function timeLabels(_u, splits, _axis, _space, stepSeconds) {
    let day = '';
    return splits.map((seconds) => {
      const [date, time] = new Date(seconds * 1000).toISOString().split('T');
      const clock = stepSeconds < 1 ? time.slice(0, 10) : time.slice(0, stepSeconds < 60 ? 8 : 5);
      const label = date === day ? clock : `${clock}\n${date}`;
      day = date;
      return label;
    });
  }

  function draw(element, { x, lines, bands, isTime, hasLabels, sync }) {
    const headroom = hasLabels && bands.length > 0 ? 1.45 : 1.15;
    const options = {
      width: element.clientWidth,
      height: HEIGHT[element.dataset.chart],
      cursor: { ...(sync && { sync: { key: sync } }), points: { size: 6 }, y: false },
      plugins: [bandsPlugin(bands, hasLabels)],
      scales: {
        x: { time: isTime },
        y: { range: (_u, _min, max) => [0, Math.max(max * headroom, 1)] },
      },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      axes: [
        axis({
          size: isTime ? 44 : 28,
          values: isTime ? timeLabels : (_u, values) => values.map((value) => `${value} s`),
        }),
        axis({ size: 56, values: (_u, values) => values.map(short) }),
      ],
      series: [
        isTime
          ? { label: 'UTC', value: '{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}' }
          : { label: 'after', value: (_u, value) => (value == null ? '–' : `${short(value)} s`) },
        ...lines.map(series),
      ],
    };
    const plot = new uPlot(options, [x, ...lines.map(({ values }) => values)], element);
    drawn.push({ plot, element });
  }

  /** What the store shows, over the story's own time. */
  function drawStory(element, { load, observations, faults, chaos }, sync) {
    const { stepMs, steps } = observations;
    const perSecond = stepMs / 1000;
    const wholeMs = WHOLE_SHARE * (load.toMs - load.fromMs);
    const parts = faults.filter(({ fromMs, toMs }) => toMs - fromMs < wholeMs);
    const bands = [
      ...parts.map(({ words, fromMs, toMs }) => ({ words, fromMs, toMs, colour: 'amber' })),
      ...chaos.map(({ words, atMs }) => ({ words, fromMs: atMs, toMs: atMs, colour: 'red' })),
    ].map(({ words, fromMs, toMs, colour: name }) => ({
      from: (load.fromMs + fromMs) / 1000,
      to: (load.fromMs + toMs) / 1000,
      label: words,
      colour: name,
    }));
    const of = (name, by = 1) =>
      steps.map((step) => (step[name] === null ? null : step[name] / by));
    const lines = {
      events: [
        {
          label: 'events',
          values: of('events', perSecond),
          colour: 'blue',
          isFilled: true,
          unit: '/s',
        },
      ],
      errors: [
        { label: 'errors', values: of('errors'), colour: 'red', isFilled: true, unit: '' },
        { label: 'failed payments', values: of('paymentsFailed'), colour: 'amber', unit: '' },
      ],
      latency: [
        { label: 'requests, p95', values: of('requestP95Ms'), colour: 'violet', unit: ' ms' },
      ],
    }[element.dataset.chart];
    const x = steps.map(({ atMs }) => atMs / 1000);
    draw(element, {
      x,
      lines,
      bands,
      isTime: true,
      hasLabels: element.dataset.chart === 'events',
      sync,
    });
  }

  /** What the pipe did, by the wall clock. */
  function drawPipe(element, { samples, chaos }) {
    const bands = chaos.map(({ words, beganMs, endedMs }) => ({
      from: beganMs / 1000,
      to: endedMs / 1000,
      label: words,
      colour: 'red',
    }));
    draw(element, {
      x: samples.map(({ wallMs }) => wallMs / 1000),
      lines: [
        { label: 'sent', values: samples.map(({ sent }) => sent), colour: 'blue', unit: '' },
        {
          label: 'stored',
          values: samples.map(({ stored }) => stored),
          colour: 'green',
          isFilled: true,
          unit: '',
        },
      ],
      bands,
      isTime: false,
      hasLabels: true,
    });
  }

  function drawAll() {
    for (const { plot } of drawn) plot.destroy();
    drawn = [];
    for (const element of document.querySelectorAll('.chart')) {
      const { result, chart } = element.dataset;
      if (chart === 'pipe') drawPipe(element, results[result]);
      else drawStory(element, results[result], `story-${result}`);
    }
  }

  drawAll();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  new ResizeObserver(() => {
    for (const { plot, element } of drawn) {
      if (plot.width !== element.clientWidth)
        plot.setSize({ width: element.clientWidth, height: plot.height });
    }
  }).observe(document.querySelector('main'));
})();
