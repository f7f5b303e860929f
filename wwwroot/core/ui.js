// @ts-check
// What every page draws with: one import line instead of four.
export { html, render } from 'htm/preact';
export { signal, computed, effect, batch, useSignal, useComputed, useSignalEffect } from '@preact/signals';
export { useEffect, useLayoutEffect, useMemo, useRef, useState, useErrorBoundary } from 'preact/hooks';
