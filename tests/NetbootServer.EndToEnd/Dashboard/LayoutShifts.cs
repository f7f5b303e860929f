namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>
/// Scripts that record what moves on a page without a user's input (Layout Instability, the browser's
/// <c>layout-shift</c> entries).
/// </summary>
/// <remarks>
/// The list of boots sorts by outcome, then by how far a boot is in coarse steps, and a stalled or overtaking boot
/// rightly changes places. So a row may move in the frame in which the order of two boots changed, or in which a boot
/// came or went; anything else that moves, and a row at any other time, is a fault. The order is read from the page
/// itself: the outcome of a row, the phases done and the quarter of the one under way.
/// </remarks>
internal static class LayoutShifts
{
    /// <summary>Begins to record, in the page's <c>window.shifts</c>.</summary>
    public const string Watch = """
        const outcomes = ['stalled', 'running', 'ready'];
        const rowsByName = () => new Map([...document.querySelectorAll('.boots > li')].map(row => {
          const bar = row.querySelector('.track progress'), outcome = outcomes.indexOf(row.dataset.state);
          return [row.querySelector('a').title, { outcome: outcome < 0 ? outcomes.length : outcome, far:
            row.querySelectorAll('.track .done').length * 10 + (bar ? Math.floor(bar.value / bar.max * 4) : 0) }];
        }));
        const compare = (a, b) => Math.sign(a.outcome - b.outcome || b.far - a.far);
        const reordered = (was, is) => was.size !== is.size || [...was].some(([name, row]) => !is.has(name)
          || [...was].some(([other, row2]) => is.has(other)
            && compare(row, row2) !== compare(is.get(name), is.get(other))));
        window.shifts = [];
        window.reorders = []; // the times from a new order to the end of the frame that shows it
        let last = rowsByName();
        new MutationObserver(() => {
          const rows = rowsByName();
          if (reordered(last, rows)) {
            const span = { from: performance.now(), to: Infinity };
            window.reorders.push(span);
            requestAnimationFrame(() => requestAnimationFrame(() => { span.to = performance.now(); }));
          }
          last = rows;
        }).observe(document.querySelector('.boots'), { subtree: true, childList: true, attributes: true });
        // A number that ends at the right of its cell may begin elsewhere.
        const moved = source => source.node && !(source.node.parentElement ?? source.node).closest('.num');
        new PerformanceObserver(list => { for (const shift of list.getEntries())
          for (const source of shift.hadRecentInput ? [] : shift.sources.filter(moved))
            window.shifts.push({ at: shift.startTime, isRow: source.node.matches?.('.boots > li') ?? false,
              text: source.node.outerHTML?.slice(0, 120) ?? source.node.textContent }); })
          .observe({ type: 'layout-shift' });
        """;

    /// <summary>What has moved since without a reason: the beginning of each element's HTML.</summary>
    public const string Unexplained = """
        window.shifts.filter(shift => !shift.isRow
          || !window.reorders.some(span => span.from <= shift.at && shift.at <= span.to)).map(shift => shift.text)
        """;
}
