import * as echarts from 'echarts';

/** Lines over a logarithmic axis. */
export interface LinePlot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly (readonly [x: number, y: number])[];
  }[];
}

const SIZE = { width: 720, height: 400 };

/** As SVG. */
export function linePlot({ title, x, y, lines }: LinePlot): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title },
    legend: { top: 30 },
    grid: { top: 70, left: 60, right: 30, bottom: 50 },
    xAxis: { type: 'log', name: x, nameLocation: 'middle', nameGap: 30 },
    yAxis: { type: 'value', name: y, min: 0 },
    series: lines.map(({ name, points }) => ({ type: 'line', name, data: points, symbolSize: 6 })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
