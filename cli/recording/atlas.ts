import type { AtlasFetch } from '../../shared/atlas/http.ts';
import type { ObservedExchange } from './observed.ts';

/** Passes on every answer that comes through the returned `fetch`. A request without an answer is left out. */
export const observeAtlas =
  (fetch: AtlasFetch, observe: (exchange: ObservedExchange) => void): AtlasFetch =>
  async (url, init) => {
    const response = await fetch(url, init);
    // It answers another request, such as that for a token.
    if (response.answers !== undefined) return response;
    const { pathname, searchParams } = new URL(url);
    const { status, headers } = response;
    observe({
      ...{ service: 'atlas', method: init.method, path: pathname, query: [...searchParams.keys()], status },
      header: (name) => headers.get(name) ?? undefined,
      // The caller gets the error of an answer that is cut short, and the recording gets no body.
      body: await response.text().catch(() => ''),
    });
    return response;
  };
