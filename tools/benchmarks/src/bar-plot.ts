import * as echarts from 'echarts';

/** Groups of bars, one group for each category. */
export interface BarPlot {
  readonly title: string;
  readonly y: string;
  readonly categories: readonly string[];
  readonly bars: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const SIZE = { width: 960, height: 420 };

/** As SVG. */
export function barPlot({ title, y, categories, bars }: BarPlot): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title },
    legend: { top: 30 },
    grid: { top: 80, left: 50, right: 20, bottom: 50 },
    xAxis: {
      type: 'category',
      data: categories,
      axisLabel: { interval: 0, width: 110, overflow: 'break' },
    },
    yAxis: { type: 'value', name: y, min: 0 },
    series: bars.map(({ name, values }) => ({ type: 'bar', name, data: values })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
