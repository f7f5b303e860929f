// @ts-check
// uPlot, loaded with the first graph: its small form is a script that makes a global, not a module.
let loading = null;

/** @returns {Promise<typeof import('uplot')>} the class uPlot */
export const loadPlot = () => loading ??= new Promise((resolve, reject) => {
  const script = document.createElement('script');
  script.src = new URL('../vendor/uplot.iife.min.js', import.meta.url).href;
  script.onload = () => resolve(/** @type {Window & {uPlot: typeof import('uplot')}} */ (window).uPlot);
  script.onerror = () => { loading = null; script.remove(); reject(new Error('The graph could not be loaded.')); };
  document.head.append(script);
});
