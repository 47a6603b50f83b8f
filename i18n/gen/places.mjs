// Makes ../places.bin: for each cell of a raster, the country whose land is nearest, up to 200 km from land.
// Not part of the build; run by hand, in an empty folder, when borders or the data change:
//
//   npm install world-atlas@2 topojson-client@3 iso-3166@4 && node …/i18n/gen/places.mjs
//
// Source of the shapes: Natural Earth 1:10m "Admin 0 countries" (public domain), as TopoJSON in the package
// world-atlas (ISC licence); numbers of ISO 3166-1 to letters from the package iso-3166 (MIT licence).
//
// Format, all numbers little-endian: "PL1", step in thousandths of a degree (uint16), number of countries
// (uint16), two letters each, number of small places (uint16), each latitude and longitude in hundredths of
// a degree (int16), radius in tenths of a kilometre (uint8), country (uint8); then for each row from south
// to north its offset in the runs (uint32), and the runs: length (uvarint), country (uint8, 0 is none).
import {createRequire} from 'node:module';
import {writeFileSync} from 'node:fs';

const require = createRequire(process.cwd() + '/');
const {feature} = require('topojson-client');
const {iso31661} = await import(require.resolve('iso-3166'));
const atlas = require('world-atlas/countries-10m.json');

const STEP = Number(process.argv[2] ?? 125); // thousandths of a degree
const REACH = 200; // km
const width = 360000 / STEP, height = 180000 / STEP, step = STEP / 1000;
const letters = new Map(iso31661.map((c) => [c.numeric, c.alpha2]));

// What Natural Earth draws without a number of its own.
const named = {Kosovo: 'XK', Somaliland: 'SO', 'N. Cyprus': 'CY', 'Cyprus U.N. Buffer Zone': 'CY', Dhekelia: 'CY',
  Akrotiri: 'CY', 'USNB Guantanamo Bay': 'CU', Baikonur: 'KZ', 'Siachen Glacier': 'IN', 'Coral Sea Is.': 'AU'};

// Parts of a country that have a code of their own: [of, code, south, west, north, east].
const parts = [['FR', 'GP', 15.7, -62, 16.7, -60.8], ['FR', 'MQ', 14.2, -61.5, 15, -60.6], ['FR', 'GF', 1, -55, 7, -50],
  ['FR', 'RE', -22, 54, -20, 57], ['FR', 'YT', -14, 44, -12, 46], ['NO', 'SJ', 70.5, -10, 72, -7], ['NO', 'SJ', 74, 5, 82, 40],
  ['NO', 'BV', -56, 2, -53, 5], ['NL', 'BQ', 11.8, -68.6, 12.5, -67.9], ['NL', 'BQ', 17, -63.7, 18, -62.8],
  ['Indian Ocean Ter.', 'CX', -11, 105, -10, 106], ['Indian Ocean Ter.', 'CC', -13, 96, -11, 98], ['NZ', 'TK', -10, -173.5, -8, -171],
  ['RU', 'UA', 44.3, 32.3, 46.22, 36.66]]; // Crimea: the United Kingdom holds it to be Ukraine

// Islands too small for the data: code, latitude, longitude, radius in km.
const missing = [['TK', -9.17, -171.8, 3], ['VA', 41.903, 12.453, 0.5], ['BV', -54.42, 3.36, 5], ['UM', 19.28, 166.65, 4]];

const codes = [''];
const idOf = (code) => codes.includes(code) ? codes.indexOf(code) : codes.push(code) - 1;

function codeOf(shape, ring) {
  const own = letters.get(shape.id) ?? named[shape.properties.name] ?? shape.properties.name;
  const lon = ring.reduce((s, p) => s + p[0], 0) / ring.length, lat = ring.reduce((s, p) => s + p[1], 0) / ring.length;
  const part = parts.find(([of, , s, w, n, e]) => of === own && lat > s && lat < n && lon > w && lon < e);
  if (part) return part[1];
  return own.length === 2 ? own : undefined;
}

// Rings cross the antimeridian without a cut; walk them without jumps, and lead one that goes round over the pole.
function unwrap(ring) {
  const out = [[...ring[0]]];
  for (let i = 1; i < ring.length; i++) {
    const before = out[i - 1][0];
    let lon = ring[i][0];
    while (lon - before > 180) lon -= 360;
    while (lon - before < -180) lon += 360;
    out.push([lon, ring[i][1]]);
  }
  const [first, last] = [out[0], out[out.length - 1]];
  if (Math.abs(first[0] - last[0]) > 180) out.push([last[0], -90], [first[0], -90]);
  return out;
}

const grid = new Uint8Array(width * height);
const sizes = new Map();

function fill(polygon, id) {
  const rings = polygon.map(unwrap);
  const lats = rings[0].map((p) => p[1]);
  const low = Math.max(0, Math.floor((Math.min(...lats) + 90) / step)), high = Math.min(height - 1, Math.ceil((Math.max(...lats) + 90) / step));
  for (let row = low; row <= high; row++) {
    const lat = -90 + (row + 0.5) * step, cuts = [];
    for (const ring of rings) {
      for (let i = 0; i < ring.length; i++) {
        const a = ring[i], b = ring[(i + 1) % ring.length];
        if ((a[1] > lat) !== (b[1] > lat)) cuts.push(a[0] + (lat - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
      }
    }
    cuts.sort((a, b) => a - b);
    for (let i = 0; i + 1 < cuts.length; i += 2) {
      for (let col = Math.ceil((cuts[i] + 180) / step - 0.5); -180 + (col + 0.5) * step < cuts[i + 1]; col++) {
        grid[row * width + ((col % width) + width) % width] = id;
      }
    }
  }
  // Every corner's cell has land of this country even where its middle is sea.
  for (const [lon, lat] of rings[0]) {
    const row = Math.min(height - 1, Math.max(0, Math.floor((lat + 90) / step)));
    const at = row * width + ((Math.floor((lon + 180) / step) % width) + width) % width;
    if (!grid[at]) grid[at] = id;
  }
}

function area(ring) { // km², good enough to tell small from large
  let sum = 0;
  const r = unwrap(ring);
  for (let i = 0; i + 1 < r.length; i++) sum += (r[i + 1][0] - r[i][0]) * (r[i + 1][1] + r[i][1]) / 2;
  return Math.abs(sum) * 111.2 * 111.2 * Math.cos(r[0][1] * Math.PI / 180);
}

const small = [];
for (const shape of feature(atlas, atlas.objects.countries).features) {
  if (!shape.geometry) continue;
  const polygons = shape.geometry.type === 'Polygon' ? [shape.geometry.coordinates] : shape.geometry.coordinates;
  for (const polygon of polygons) {
    const code = codeOf(shape, polygon[0]);
    if (!code) continue;
    fill(polygon, idOf(code));
    const km2 = area(polygon[0]);
    sizes.set(code, [...(sizes.get(code) ?? []), {ring: polygon[0], km2}]);
  }
}
for (const [code, lat, lon, radius] of missing) {
  small.push({code, lat, lon, radius});
  grid[Math.floor((lat + 90) / step) * width + Math.floor((lon + 180) / step)] ||= idOf(code);
}
for (const [code, list] of sizes) { // enclaves and the like: their cells may belong to the neighbour
  const total = list.reduce((s, p) => s + p.km2, 0);
  if (total > 700 || missing.some((m) => m[0] === code)) continue;
  const {ring, km2} = list.sort((a, b) => b.km2 - a.km2)[0];
  const lon = ring.reduce((s, p) => s + p[0], 0) / ring.length, lat = ring.reduce((s, p) => s + p[1], 0) / ring.length;
  small.push({code, lat, lon, radius: Math.max(0.5, 0.9 * Math.sqrt(km2 / Math.PI))});
}

// Spread each country over the sea around it: sweeps that hand on the nearest land cell.
const from = new Int32Array(width * height).fill(-1);
for (let i = 0; i < grid.length; i++) if (grid[i]) from[i] = i;
const rad = Math.PI / 180, latOf = (i) => (-90 + (Math.floor(i / width) + 0.5) * step) * rad, lonOf = (i) => (i % width) * step * rad;
function km(a, b) {
  const p = latOf(a), q = latOf(b), h = Math.sin((p - q) / 2) ** 2 + Math.cos(p) * Math.cos(q) * Math.sin((lonOf(a) - lonOf(b)) / 2) ** 2;
  return 12742 * Math.asin(Math.min(1, Math.sqrt(h)));
}
const dist = new Float32Array(width * height).fill(Infinity);
for (let i = 0; i < grid.length; i++) if (grid[i]) dist[i] = 0;
function relax(at, row, col) {
  if (row < 0 || row >= height) return;
  const source = from[row * width + (col + width) % width];
  if (source < 0 || dist[at] === 0) return;
  const d = km(at, source);
  if (d < dist[at] && d <= REACH) { dist[at] = d; from[at] = source; }
}
for (let pass = 0; pass < 2; pass++) {
  for (let row = 0; row < height; row++) for (let col = 0; col < width; col++) {
    const at = row * width + col;
    relax(at, row - 1, col - 1); relax(at, row - 1, col); relax(at, row - 1, col + 1); relax(at, row, col - 1);
  }
  for (let row = height - 1; row >= 0; row--) for (let col = width - 1; col >= 0; col--) {
    const at = row * width + col;
    relax(at, row + 1, col + 1); relax(at, row + 1, col); relax(at, row + 1, col - 1); relax(at, row, col + 1);
  }
}

const runs = [], offsets = [];
for (let row = 0; row < height; row++) {
  offsets.push(runs.length);
  for (let col = 0; col < width;) {
    const owner = (c) => from[row * width + c] < 0 ? 0 : grid[from[row * width + c]];
    const id = owner(col);
    let n = 0;
    while (col < width && owner(col) === id) { n++; col++; }
    for (; n > 127; n >>>= 7) runs.push(n & 127 | 128);
    runs.push(n, id);
  }
}
const out = Buffer.alloc(3 + 2 + 2 + 2 * (codes.length - 1) + 2 + 6 * small.length + 4 * height + runs.length);
let at = out.write('PL1');
at = out.writeUInt16LE(STEP, at);
at = out.writeUInt16LE(codes.length - 1, at);
for (const code of codes.slice(1)) at += out.write(code, at);
at = out.writeUInt16LE(small.length, at);
for (const {code, lat, lon, radius} of small) {
  at = out.writeInt16LE(Math.round(lat * 100), at);
  at = out.writeInt16LE(Math.round(lon * 100), at);
  at = out.writeUInt8(Math.min(255, Math.round(radius * 10)), at);
  at = out.writeUInt8(idOf(code), at);
}
for (const offset of offsets) at = out.writeUInt32LE(offset, at);
Buffer.from(runs).copy(out, at);
const target = new URL('../places.bin', import.meta.url);
writeFileSync(target, out);
const absent = [...letters.values()].filter((c) => !codes.includes(c));
console.log(out.length, 'bytes;', codes.length - 1, 'countries;', small.length, 'small places; without a place:', absent.join(' '));
