// node_modules/@lit/reactive-element/css-tag.js
var e = globalThis, t = e.ShadowRoot && (e.ShadyCSS === void 0 || e.ShadyCSS.nativeShadow) && "adoptedStyleSheets" in Document.prototype && "replace" in CSSStyleSheet.prototype, n = Symbol(), r = /* @__PURE__ */ new WeakMap(), i = class {
	constructor(e, t, r) {
		if (this._$cssResult$ = !0, r !== n) throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");
		this.cssText = e, this.t = t;
	}
	get styleSheet() {
		let e = this.o, n = this.t;
		if (t && e === void 0) {
			let t = n !== void 0 && n.length === 1;
			t && (e = r.get(n)), e === void 0 && ((this.o = e = new CSSStyleSheet()).replaceSync(this.cssText), t && r.set(n, e));
		}
		return e;
	}
	toString() {
		return this.cssText;
	}
}, a = (e) => new i(typeof e == "string" ? e : e + "", void 0, n), o = (e, ...t) => new i(e.length === 1 ? e[0] : t.reduce((t, n, r) => t + ((e) => {
	if (!0 === e._$cssResult$) return e.cssText;
	if (typeof e == "number") return e;
	throw Error("Value passed to 'css' function must be a 'css' function result: " + e + ". Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.");
})(n) + e[r + 1], e[0]), e, n), s = (n, r) => {
	if (t) n.adoptedStyleSheets = r.map((e) => e instanceof CSSStyleSheet ? e : e.styleSheet);
	else for (let t of r) {
		let r = document.createElement("style"), i = e.litNonce;
		i !== void 0 && r.setAttribute("nonce", i), r.textContent = t.cssText, n.appendChild(r);
	}
}, c = t ? (e) => e : (e) => e instanceof CSSStyleSheet ? ((e) => {
	let t = "";
	for (let n of e.cssRules) t += n.cssText;
	return a(t);
})(e) : e, { is: l, defineProperty: u, getOwnPropertyDescriptor: d, getOwnPropertyNames: f, getOwnPropertySymbols: p, getPrototypeOf: m } = Object, h = globalThis, g = h.trustedTypes, _ = g ? g.emptyScript : "", v = h.reactiveElementPolyfillSupport, y = (e, t) => e, b = {
	toAttribute(e, t) {
		switch (t) {
			case Boolean:
				e = e ? _ : null;
				break;
			case Object:
			case Array: e = e == null ? e : JSON.stringify(e);
		}
		return e;
	},
	fromAttribute(e, t) {
		let n = e;
		switch (t) {
			case Boolean:
				n = e !== null;
				break;
			case Number:
				n = e === null ? null : Number(e);
				break;
			case Object:
			case Array: try {
				n = JSON.parse(e);
			} catch {
				n = null;
			}
		}
		return n;
	}
}, x = (e, t) => !l(e, t), S = {
	attribute: !0,
	type: String,
	converter: b,
	reflect: !1,
	useDefault: !1,
	hasChanged: x
};
Symbol.metadata ??= Symbol("metadata"), h.litPropertyMetadata ??= /* @__PURE__ */ new WeakMap();
var C = class extends HTMLElement {
	static addInitializer(e) {
		this._$Ei(), (this.l ??= []).push(e);
	}
	static get observedAttributes() {
		return this.finalize(), this._$Eh && [...this._$Eh.keys()];
	}
	static createProperty(e, t = S) {
		if (t.state && (t.attribute = !1), this._$Ei(), this.prototype.hasOwnProperty(e) && ((t = Object.create(t)).wrapped = !0), this.elementProperties.set(e, t), !t.noAccessor) {
			let n = Symbol(), r = this.getPropertyDescriptor(e, n, t);
			r !== void 0 && u(this.prototype, e, r);
		}
	}
	static getPropertyDescriptor(e, t, n) {
		let { get: r, set: i } = d(this.prototype, e) ?? {
			get() {
				return this[t];
			},
			set(e) {
				this[t] = e;
			}
		};
		return {
			get: r,
			set(t) {
				let a = r?.call(this);
				i?.call(this, t), this.requestUpdate(e, a, n);
			},
			configurable: !0,
			enumerable: !0
		};
	}
	static getPropertyOptions(e) {
		return this.elementProperties.get(e) ?? S;
	}
	static _$Ei() {
		if (this.hasOwnProperty(y("elementProperties"))) return;
		let e = m(this);
		e.finalize(), e.l !== void 0 && (this.l = [...e.l]), this.elementProperties = new Map(e.elementProperties);
	}
	static finalize() {
		if (this.hasOwnProperty(y("finalized"))) return;
		if (this.finalized = !0, this._$Ei(), this.hasOwnProperty(y("properties"))) {
			let e = this.properties, t = [...f(e), ...p(e)];
			for (let n of t) this.createProperty(n, e[n]);
		}
		let e = this[Symbol.metadata];
		if (e !== null) {
			let t = litPropertyMetadata.get(e);
			if (t !== void 0) for (let [e, n] of t) this.elementProperties.set(e, n);
		}
		this._$Eh = /* @__PURE__ */ new Map();
		for (let [e, t] of this.elementProperties) {
			let n = this._$Eu(e, t);
			n !== void 0 && this._$Eh.set(n, e);
		}
		this.elementStyles = this.finalizeStyles(this.styles);
	}
	static finalizeStyles(e) {
		let t = [];
		if (Array.isArray(e)) {
			let n = new Set(e.flat(1 / 0).reverse());
			for (let e of n) t.unshift(c(e));
		} else e !== void 0 && t.push(c(e));
		return t;
	}
	static _$Eu(e, t) {
		let n = t.attribute;
		return !1 === n ? void 0 : typeof n == "string" ? n : typeof e == "string" ? e.toLowerCase() : void 0;
	}
	constructor() {
		super(), this._$Ep = void 0, this.isUpdatePending = !1, this.hasUpdated = !1, this._$Em = null, this._$Ev();
	}
	_$Ev() {
		this._$ES = new Promise((e) => this.enableUpdating = e), this._$AL = /* @__PURE__ */ new Map(), this._$E_(), this.requestUpdate(), this.constructor.l?.forEach((e) => e(this));
	}
	addController(e) {
		(this._$EO ??= /* @__PURE__ */ new Set()).add(e), this.renderRoot !== void 0 && this.isConnected && e.hostConnected?.();
	}
	removeController(e) {
		this._$EO?.delete(e);
	}
	_$E_() {
		let e = /* @__PURE__ */ new Map(), t = this.constructor.elementProperties;
		for (let n of t.keys()) this.hasOwnProperty(n) && (e.set(n, this[n]), delete this[n]);
		e.size > 0 && (this._$Ep = e);
	}
	createRenderRoot() {
		let e = this.shadowRoot ?? this.attachShadow(this.constructor.shadowRootOptions);
		return s(e, this.constructor.elementStyles), e;
	}
	connectedCallback() {
		this.renderRoot ??= this.createRenderRoot(), this.enableUpdating(!0), this._$EO?.forEach((e) => e.hostConnected?.());
	}
	enableUpdating(e) {}
	disconnectedCallback() {
		this._$EO?.forEach((e) => e.hostDisconnected?.());
	}
	attributeChangedCallback(e, t, n) {
		this._$AK(e, n);
	}
	_$ET(e, t) {
		let n = this.constructor.elementProperties.get(e), r = this.constructor._$Eu(e, n);
		if (r !== void 0 && !0 === n.reflect) {
			let i = (n.converter?.toAttribute === void 0 ? b : n.converter).toAttribute(t, n.type);
			this._$Em = e, i == null ? this.removeAttribute(r) : this.setAttribute(r, i), this._$Em = null;
		}
	}
	_$AK(e, t) {
		let n = this.constructor, r = n._$Eh.get(e);
		if (r !== void 0 && this._$Em !== r) {
			let e = n.getPropertyOptions(r), i = typeof e.converter == "function" ? { fromAttribute: e.converter } : e.converter?.fromAttribute === void 0 ? b : e.converter;
			this._$Em = r;
			let a = i.fromAttribute(t, e.type);
			this[r] = a ?? this._$Ej?.get(r) ?? a, this._$Em = null;
		}
	}
	requestUpdate(e, t, n, r = !1, i) {
		if (e !== void 0) {
			let a = this.constructor;
			if (!1 === r && (i = this[e]), n ??= a.getPropertyOptions(e), !((n.hasChanged ?? x)(i, t) || n.useDefault && n.reflect && i === this._$Ej?.get(e) && !this.hasAttribute(a._$Eu(e, n)))) return;
			this.C(e, t, n);
		}
		!1 === this.isUpdatePending && (this._$ES = this._$EP());
	}
	C(e, t, { useDefault: n, reflect: r, wrapped: i }, a) {
		n && !(this._$Ej ??= /* @__PURE__ */ new Map()).has(e) && (this._$Ej.set(e, a ?? t ?? this[e]), !0 !== i || a !== void 0) || (this._$AL.has(e) || (this.hasUpdated || n || (t = void 0), this._$AL.set(e, t)), !0 === r && this._$Em !== e && (this._$Eq ??= /* @__PURE__ */ new Set()).add(e));
	}
	async _$EP() {
		this.isUpdatePending = !0;
		try {
			await this._$ES;
		} catch (e) {
			Promise.reject(e);
		}
		let e = this.scheduleUpdate();
		return e != null && await e, !this.isUpdatePending;
	}
	scheduleUpdate() {
		return this.performUpdate();
	}
	performUpdate() {
		if (!this.isUpdatePending) return;
		if (!this.hasUpdated) {
			if (this.renderRoot ??= this.createRenderRoot(), this._$Ep) {
				for (let [e, t] of this._$Ep) this[e] = t;
				this._$Ep = void 0;
			}
			let e = this.constructor.elementProperties;
			if (e.size > 0) for (let [t, n] of e) {
				let { wrapped: e } = n, r = this[t];
				!0 !== e || this._$AL.has(t) || r === void 0 || this.C(t, void 0, n, r);
			}
		}
		let e = !1, t = this._$AL;
		try {
			e = this.shouldUpdate(t), e ? (this.willUpdate(t), this._$EO?.forEach((e) => e.hostUpdate?.()), this.update(t)) : this._$EM();
		} catch (t) {
			throw e = !1, this._$EM(), t;
		}
		e && this._$AE(t);
	}
	willUpdate(e) {}
	_$AE(e) {
		this._$EO?.forEach((e) => e.hostUpdated?.()), this.hasUpdated || (this.hasUpdated = !0, this.firstUpdated(e)), this.updated(e);
	}
	_$EM() {
		this._$AL = /* @__PURE__ */ new Map(), this.isUpdatePending = !1;
	}
	get updateComplete() {
		return this.getUpdateComplete();
	}
	getUpdateComplete() {
		return this._$ES;
	}
	shouldUpdate(e) {
		return !0;
	}
	update(e) {
		this._$Eq &&= this._$Eq.forEach((e) => this._$ET(e, this[e])), this._$EM();
	}
	updated(e) {}
	firstUpdated(e) {}
};
C.elementStyles = [], C.shadowRootOptions = { mode: "open" }, C[y("elementProperties")] = /* @__PURE__ */ new Map(), C[y("finalized")] = /* @__PURE__ */ new Map(), v?.({ ReactiveElement: C }), (h.reactiveElementVersions ??= []).push("2.1.2");
// node_modules/lit-html/lit-html.js
var w = globalThis, T = (e) => e, E = w.trustedTypes, D = E ? E.createPolicy("lit-html", { createHTML: (e) => e }) : void 0, O = "$lit$", k = `lit$${Math.random().toFixed(9).slice(2)}$`, ee = "?" + k, A = `<${ee}>`, j = document, te = () => j.createComment(""), ne = (e) => e === null || typeof e != "object" && typeof e != "function", re = Array.isArray, ie = (e) => re(e) || typeof e?.[Symbol.iterator] == "function", ae = "[ 	\n\f\r]", M = /<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g, N = /-->/g, P = />/g, F = RegExp(`>|${ae}(?:([^\\s"'>=/]+)(${ae}*=${ae}*(?:[^ \t\n\f\r"'\`<>=]|("|')|))|$)`, "g"), I = /'/g, L = /"/g, oe = /^(?:script|style|textarea|title)$/i, R = ((e) => (t, ...n) => ({
	_$litType$: e,
	strings: t,
	values: n
}))(1), se = Symbol.for("lit-noChange"), z = Symbol.for("lit-nothing"), ce = /* @__PURE__ */ new WeakMap(), le = j.createTreeWalker(j, 129);
function ue(e, t) {
	if (!re(e) || !e.hasOwnProperty("raw")) throw Error("invalid template strings array");
	return D === void 0 ? t : D.createHTML(t);
}
var de = (e, t) => {
	let n = e.length - 1, r = [], i, a = t === 2 ? "<svg>" : t === 3 ? "<math>" : "", o = M;
	for (let t = 0; t < n; t++) {
		let n = e[t], s, c, l = -1, u = 0;
		for (; u < n.length && (o.lastIndex = u, c = o.exec(n), c !== null);) u = o.lastIndex, o === M ? c[1] === "!--" ? o = N : c[1] === void 0 ? c[2] === void 0 ? c[3] !== void 0 && (o = F) : (oe.test(c[2]) && (i = RegExp("</" + c[2], "g")), o = F) : o = P : o === F ? c[0] === ">" ? (o = i ?? M, l = -1) : c[1] === void 0 ? l = -2 : (l = o.lastIndex - c[2].length, s = c[1], o = c[3] === void 0 ? F : c[3] === "\"" ? L : I) : o === L || o === I ? o = F : o === N || o === P ? o = M : (o = F, i = void 0);
		let d = o === F && e[t + 1].startsWith("/>") ? " " : "";
		a += o === M ? n + A : l >= 0 ? (r.push(s), n.slice(0, l) + O + n.slice(l) + k + d) : n + k + (l === -2 ? t : d);
	}
	return [ue(e, a + (e[n] || "<?>") + (t === 2 ? "</svg>" : t === 3 ? "</math>" : "")), r];
}, fe = class e {
	constructor({ strings: t, _$litType$: n }, r) {
		let i;
		this.parts = [];
		let a = 0, o = 0, s = t.length - 1, c = this.parts, [l, u] = de(t, n);
		if (this.el = e.createElement(l, r), le.currentNode = this.el.content, n === 2 || n === 3) {
			let e = this.el.content.firstChild;
			e.replaceWith(...e.childNodes);
		}
		for (; (i = le.nextNode()) !== null && c.length < s;) {
			if (i.nodeType === 1) {
				if (i.hasAttributes()) for (let e of i.getAttributeNames()) if (e.endsWith(O)) {
					let t = u[o++], n = i.getAttribute(e).split(k), r = /([.?@])?(.*)/.exec(t);
					c.push({
						type: 1,
						index: a,
						name: r[2],
						strings: n,
						ctor: r[1] === "." ? _e : r[1] === "?" ? ve : r[1] === "@" ? ye : ge
					}), i.removeAttribute(e);
				} else e.startsWith(k) && (c.push({
					type: 6,
					index: a
				}), i.removeAttribute(e));
				if (oe.test(i.tagName)) {
					let e = i.textContent.split(k), t = e.length - 1;
					if (t > 0) {
						i.textContent = E ? E.emptyScript : "";
						for (let n = 0; n < t; n++) i.append(e[n], te()), le.nextNode(), c.push({
							type: 2,
							index: ++a
						});
						i.append(e[t], te());
					}
				}
			} else if (i.nodeType === 8) {
				if (i.data === ee) c.push({
					type: 2,
					index: a
				});
				else {
					let e = -1;
					for (; (e = i.data.indexOf(k, e + 1)) !== -1;) c.push({
						type: 7,
						index: a
					}), e += k.length - 1;
				}
			}
			a++;
		}
	}
	static createElement(e, t) {
		let n = j.createElement("template");
		return n.innerHTML = e, n;
	}
};
function pe(e, t, n = e, r) {
	if (t === se) return t;
	let i = r === void 0 ? n._$Cl : n._$Co?.[r], a = ne(t) ? void 0 : t._$litDirective$;
	return i?.constructor !== a && (i?._$AO?.(!1), a === void 0 ? i = void 0 : (i = new a(e), i._$AT(e, n, r)), r === void 0 ? n._$Cl = i : (n._$Co ??= [])[r] = i), i !== void 0 && (t = pe(e, i._$AS(e, t.values), i, r)), t;
}
var me = class {
	constructor(e, t) {
		this._$AV = [], this._$AN = void 0, this._$AD = e, this._$AM = t;
	}
	get parentNode() {
		return this._$AM.parentNode;
	}
	get _$AU() {
		return this._$AM._$AU;
	}
	u(e) {
		let { el: { content: t }, parts: n } = this._$AD, r = (e?.creationScope ?? j).importNode(t, !0);
		le.currentNode = r;
		let i = le.nextNode(), a = 0, o = 0, s = n[0];
		for (; s !== void 0;) {
			if (a === s.index) {
				let t;
				s.type === 2 ? t = new he(i, i.nextSibling, this, e) : s.type === 1 ? t = new s.ctor(i, s.name, s.strings, this, e) : s.type === 6 && (t = new B(i, this, e)), this._$AV.push(t), s = n[++o];
			}
			a !== s?.index && (i = le.nextNode(), a++);
		}
		return le.currentNode = j, r;
	}
	p(e) {
		let t = 0;
		for (let n of this._$AV) n !== void 0 && (n.strings === void 0 ? n._$AI(e[t]) : (n._$AI(e, n, t), t += n.strings.length - 2)), t++;
	}
}, he = class e {
	get _$AU() {
		return this._$AM?._$AU ?? this._$Cv;
	}
	constructor(e, t, n, r) {
		this.type = 2, this._$AH = z, this._$AN = void 0, this._$AA = e, this._$AB = t, this._$AM = n, this.options = r, this._$Cv = r?.isConnected ?? !0;
	}
	get parentNode() {
		let e = this._$AA.parentNode, t = this._$AM;
		return t !== void 0 && e?.nodeType === 11 && (e = t.parentNode), e;
	}
	get startNode() {
		return this._$AA;
	}
	get endNode() {
		return this._$AB;
	}
	_$AI(e, t = this) {
		e = pe(this, e, t), ne(e) ? e === z || e == null || e === "" ? (this._$AH !== z && this._$AR(), this._$AH = z) : e !== this._$AH && e !== se && this._(e) : e._$litType$ === void 0 ? e.nodeType === void 0 ? ie(e) ? this.k(e) : this._(e) : this.T(e) : this.$(e);
	}
	O(e) {
		return this._$AA.parentNode.insertBefore(e, this._$AB);
	}
	T(e) {
		this._$AH !== e && (this._$AR(), this._$AH = this.O(e));
	}
	_(e) {
		this._$AH !== z && ne(this._$AH) ? this._$AA.nextSibling.data = e : this.T(j.createTextNode(e)), this._$AH = e;
	}
	$(e) {
		let { values: t, _$litType$: n } = e, r = typeof n == "number" ? this._$AC(e) : (n.el === void 0 && (n.el = fe.createElement(ue(n.h, n.h[0]), this.options)), n);
		if (this._$AH?._$AD === r) this._$AH.p(t);
		else {
			let e = new me(r, this), n = e.u(this.options);
			e.p(t), this.T(n), this._$AH = e;
		}
	}
	_$AC(e) {
		let t = ce.get(e.strings);
		return t === void 0 && ce.set(e.strings, t = new fe(e)), t;
	}
	k(t) {
		re(this._$AH) || (this._$AH = [], this._$AR());
		let n = this._$AH, r, i = 0;
		for (let a of t) i === n.length ? n.push(r = new e(this.O(te()), this.O(te()), this, this.options)) : r = n[i], r._$AI(a), i++;
		i < n.length && (this._$AR(r && r._$AB.nextSibling, i), n.length = i);
	}
	_$AR(e = this._$AA.nextSibling, t) {
		for (this._$AP?.(!1, !0, t); e !== this._$AB;) {
			let t = T(e).nextSibling;
			T(e).remove(), e = t;
		}
	}
	setConnected(e) {
		this._$AM === void 0 && (this._$Cv = e, this._$AP?.(e));
	}
}, ge = class {
	get tagName() {
		return this.element.tagName;
	}
	get _$AU() {
		return this._$AM._$AU;
	}
	constructor(e, t, n, r, i) {
		this.type = 1, this._$AH = z, this._$AN = void 0, this.element = e, this.name = t, this._$AM = r, this.options = i, n.length > 2 || n[0] !== "" || n[1] !== "" ? (this._$AH = Array(n.length - 1).fill(/* @__PURE__ */ new String()), this.strings = n) : this._$AH = z;
	}
	_$AI(e, t = this, n, r) {
		let i = this.strings, a = !1;
		if (i === void 0) e = pe(this, e, t, 0), a = !ne(e) || e !== this._$AH && e !== se, a && (this._$AH = e);
		else {
			let r = e, o, s;
			for (e = i[0], o = 0; o < i.length - 1; o++) s = pe(this, r[n + o], t, o), s === se && (s = this._$AH[o]), a ||= !ne(s) || s !== this._$AH[o], s === z ? e = z : e !== z && (e += (s ?? "") + i[o + 1]), this._$AH[o] = s;
		}
		a && !r && this.j(e);
	}
	j(e) {
		e === z ? this.element.removeAttribute(this.name) : this.element.setAttribute(this.name, e ?? "");
	}
}, _e = class extends ge {
	constructor() {
		super(...arguments), this.type = 3;
	}
	j(e) {
		this.element[this.name] = e === z ? void 0 : e;
	}
}, ve = class extends ge {
	constructor() {
		super(...arguments), this.type = 4;
	}
	j(e) {
		this.element.toggleAttribute(this.name, !!e && e !== z);
	}
}, ye = class extends ge {
	constructor(e, t, n, r, i) {
		super(e, t, n, r, i), this.type = 5;
	}
	_$AI(e, t = this) {
		if ((e = pe(this, e, t, 0) ?? z) === se) return;
		let n = this._$AH, r = e === z && n !== z || e.capture !== n.capture || e.once !== n.once || e.passive !== n.passive, i = e !== z && (n === z || r);
		r && this.element.removeEventListener(this.name, this, n), i && this.element.addEventListener(this.name, this, e), this._$AH = e;
	}
	handleEvent(e) {
		typeof this._$AH == "function" ? this._$AH.call(this.options?.host ?? this.element, e) : this._$AH.handleEvent(e);
	}
}, B = class {
	constructor(e, t, n) {
		this.element = e, this.type = 6, this._$AN = void 0, this._$AM = t, this.options = n;
	}
	get _$AU() {
		return this._$AM._$AU;
	}
	_$AI(e) {
		pe(this, e);
	}
}, V = w.litHtmlPolyfillSupport;
V?.(fe, he), (w.litHtmlVersions ??= []).push("3.3.3");
var be = (e, t, n) => {
	let r = n?.renderBefore ?? t, i = r._$litPart$;
	if (i === void 0) {
		let e = n?.renderBefore ?? null;
		r._$litPart$ = i = new he(t.insertBefore(te(), e), e, void 0, n ?? {});
	}
	return i._$AI(e), i;
}, xe = globalThis, Se = class extends C {
	constructor() {
		super(...arguments), this.renderOptions = { host: this }, this._$Do = void 0;
	}
	createRenderRoot() {
		let e = super.createRenderRoot();
		return this.renderOptions.renderBefore ??= e.firstChild, e;
	}
	update(e) {
		let t = this.render();
		this.hasUpdated || (this.renderOptions.isConnected = this.isConnected), super.update(e), this._$Do = be(t, this.renderRoot, this.renderOptions);
	}
	connectedCallback() {
		super.connectedCallback(), this._$Do?.setConnected(!0);
	}
	disconnectedCallback() {
		super.disconnectedCallback(), this._$Do?.setConnected(!1);
	}
	render() {
		return se;
	}
};
Se._$litElement$ = !0, Se.finalized = !0, xe.litElementHydrateSupport?.({ LitElement: Se });
var Ce = xe.litElementPolyfillSupport;
Ce?.({ LitElement: Se }), (xe.litElementVersions ??= []).push("4.2.2");
// node_modules/uplot/dist/uPlot.min.css?inline
var we = ".uplot,.uplot *,.uplot :before,.uplot :after{box-sizing:border-box}.uplot{width:min-content;font-family:system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,Noto Sans,sans-serif,Apple Color Emoji,Segoe UI Emoji,Segoe UI Symbol,Noto Color Emoji;line-height:1.5}.u-title{text-align:center;font-size:18px;font-weight:700}.u-wrap{-webkit-user-select:none;user-select:none;position:relative}.u-over,.u-under{position:absolute}.u-under{overflow:hidden}.uplot canvas{width:100%;height:100%;display:block;position:relative}.u-axis{position:absolute}.u-legend{text-align:center;margin:auto;font-size:14px}.u-inline{display:block}.u-inline *{display:inline-block}.u-inline tr{margin-right:16px}.u-legend th{font-weight:600}.u-legend th>*{vertical-align:middle;display:inline-block}.u-legend .u-marker{width:1em;height:1em;margin-right:4px;background-clip:padding-box!important}.u-inline.u-live th:after{content:\":\";vertical-align:middle}.u-inline:not(.u-live) .u-value{display:none}.u-series>*{padding:4px}.u-series th{cursor:pointer}.u-legend .u-off>*{opacity:.3}.u-select{pointer-events:none;background:#00000012;position:absolute}.u-cursor-x,.u-cursor-y{pointer-events:none;will-change:transform;position:absolute;top:0;left:0}.u-hz .u-cursor-x,.u-vt .u-cursor-y{border-right:1px dashed #607d8b;height:100%}.u-hz .u-cursor-y,.u-vt .u-cursor-x{border-bottom:1px dashed #607d8b;width:100%}.u-cursor-pt{pointer-events:none;will-change:transform;border:0 solid;border-radius:50%;position:absolute;top:0;left:0;background-clip:padding-box!important}.u-axis.u-off,.u-select.u-off,.u-cursor-x.u-off,.u-cursor-y.u-off,.u-cursor-pt.u-off{display:none}", Te = !0, Ee = "uplot", De = "u-hz", Oe = "u-vt", ke = "u-title", Ae = "u-wrap", je = "u-under", Me = "u-over", Ne = "u-axis", Pe = "u-off", Fe = "u-select", Ie = "u-cursor-x", Le = "u-cursor-y", Re = "u-cursor-pt", ze = "u-legend", Be = "u-live", Ve = "u-inline", He = "u-series", Ue = "u-marker", We = "u-label", Ge = "u-value", Ke = "width", qe = "height", Je = "top", Ye = "bottom", Xe = "left", Ze = "right", Qe = "#000", $e = "#0000", et = "mousemove", tt = "mousedown", nt = "mouseup", rt = "mouseenter", it = "mouseleave", at = "dblclick", ot = "resize", st = "scroll", ct = "change", lt = "dppxchange", ut = "--", dt = typeof window < "u", ft = dt ? document : null, pt = dt ? window : null, mt = dt ? navigator : null, H, ht;
function gt() {
	let e = devicePixelRatio;
	H != e && (H = e, ht && At(ct, ht, gt), ht = matchMedia(`(min-resolution: ${H - .001}dppx) and (max-resolution: ${H + .001}dppx)`), kt(ct, ht, gt), pt.dispatchEvent(new CustomEvent(lt)));
}
function _t(e, t) {
	if (t != null) {
		let n = e.classList;
		!n.contains(t) && n.add(t);
	}
}
function vt(e, t) {
	let n = e.classList;
	n.contains(t) && n.remove(t);
}
function U(e, t, n) {
	e.style[t] = n + "px";
}
function yt(e, t, n, r) {
	let i = ft.createElement(e);
	return t != null && _t(i, t), n?.insertBefore(i, r), i;
}
function bt(e, t) {
	return yt("div", e, t);
}
var xt = /* @__PURE__ */ new WeakMap();
function St(e, t, n, r, i) {
	let a = "translate(" + t + "px," + n + "px)";
	a != xt.get(e) && (e.style.transform = a, xt.set(e, a), t < 0 || n < 0 || t > r || n > i ? _t(e, Pe) : vt(e, Pe));
}
var Ct = /* @__PURE__ */ new WeakMap();
function wt(e, t, n) {
	let r = t + n;
	r != Ct.get(e) && (Ct.set(e, r), e.style.background = t, e.style.borderColor = n);
}
var Tt = /* @__PURE__ */ new WeakMap();
function Et(e, t, n, r) {
	let i = t + "" + n;
	i != Tt.get(e) && (Tt.set(e, i), e.style.height = n + "px", e.style.width = t + "px", e.style.marginLeft = r ? -t / 2 + "px" : 0, e.style.marginTop = r ? -n / 2 + "px" : 0);
}
var Dt = { passive: !0 }, Ot = {
	...Dt,
	capture: !0
};
function kt(e, t, n, r) {
	t.addEventListener(e, n, r ? Ot : Dt);
}
function At(e, t, n, r) {
	t.removeEventListener(e, n, Dt);
}
dt && gt();
function jt(e, t, n, r) {
	let i;
	n ||= 0, r ||= t.length - 1;
	let a = r <= 2147483647;
	for (; r - n > 1;) i = a ? n + r >> 1 : Qt((n + r) / 2), t[i] < e ? n = i : r = i;
	return e - t[n] <= t[r] - e ? n : r;
}
function Mt(e) {
	return (t, n, r) => {
		let i = -1, a = -1;
		for (let a = n; a <= r; a++) if (e(t[a])) {
			i = a;
			break;
		}
		for (let i = r; i >= n; i--) if (e(t[i])) {
			a = i;
			break;
		}
		return [i, a];
	};
}
var Nt = (e) => e != null, Pt = (e) => e != null && e > 0, Ft = Mt(Nt), It = Mt(Pt);
function Lt(e, t, n, r = 0, i = !1) {
	let a = i ? It : Ft, o = i ? Pt : Nt;
	[t, n] = a(e, t, n);
	let s = e[t], c = e[t];
	if (t > -1) {
		if (r == 1) s = e[t], c = e[n];
		else if (r == -1) s = e[n], c = e[t];
		else for (let r = t; r <= n; r++) {
			let t = e[r];
			o(t) && (t < s ? s = t : t > c && (c = t));
		}
	}
	return [s ?? G, c ?? -G];
}
function Rt(e, t, n, r) {
	let i = an(e), a = an(t);
	e == t && (i == -1 ? (e *= n, t /= n) : (e /= n, t *= n));
	let o = n == 10 ? on : sn, s = i == 1 ? Qt : en, c = a == 1 ? en : Qt, l = s(o(Zt(e))), u = c(o(Zt(t))), d = rn(n, l), f = rn(n, u);
	return n == 10 && (l < 0 && (d = q(d, -l)), u < 0 && (f = q(f, -u))), r || n == 2 ? (e = d * i, t = f * a) : (e = Cn(e, d), t = Sn(t, f)), [e, t];
}
function zt(e, t, n, r) {
	let i = Rt(e, t, n, r);
	return e == 0 && (i[0] = 0), t == 0 && (i[1] = 0), i;
}
var Bt = .1, Vt = {
	mode: 3,
	pad: Bt
}, Ht = {
	pad: 0,
	soft: null,
	mode: 0
}, Ut = {
	min: Ht,
	max: Ht
};
function Wt(e, t, n, r) {
	return Nn(n) ? Kt(e, t, n) : (Ht.pad = n, Ht.soft = r ? 0 : null, Ht.mode = r ? 3 : 0, Kt(e, t, Ut));
}
function W(e, t) {
	return e ?? t;
}
function Gt(e, t, n) {
	for (t = W(t, 0), n = W(n, e.length - 1); t <= n;) {
		if (e[t] != null) return !0;
		t++;
	}
	return !1;
}
function Kt(e, t, n) {
	let r = n.min, i = n.max, a = W(r.pad, 0), o = W(i.pad, 0), s = W(r.hard, -G), c = W(i.hard, G), l = W(r.soft, G), u = W(i.soft, -G), d = W(r.mode, 0), f = W(i.mode, 0), p = t - e, m = on(p), h = nn(Zt(e), Zt(t)), g = Zt(on(h) - m);
	(p < 1e-24 || g > 10) && (p = 0, (e == 0 || t == 0) && (p = 1e-24, d == 2 && l != G && (a = 0), f == 2 && u != -G && (o = 0)));
	let _ = p || h || 1e3, v = rn(10, Qt(on(_))), y = q(Cn(e - _ * (p == 0 ? e == 0 ? .1 : 1 : a), v / 10), 24), b = e >= l && (d == 1 || d == 3 && y <= l || d == 2 && y >= l) ? l : G, x = nn(s, y < b && e >= b ? b : tn(b, y)), S = q(Sn(t + _ * (p == 0 ? t == 0 ? .1 : 1 : o), v / 10), 24), C = t <= u && (f == 1 || f == 3 && S >= u || f == 2 && S <= u) ? u : -G, w = tn(c, S > C && t <= C ? C : nn(C, S));
	return x == w && x == 0 && (w = 100), [x, w];
}
var qt = new Intl.NumberFormat(dt ? mt.language : "en-US"), Jt = (e) => qt.format(e), Yt = Math, Xt = Yt.PI, Zt = Yt.abs, Qt = Yt.floor, $t = Yt.round, en = Yt.ceil, tn = Yt.min, nn = Yt.max, rn = Yt.pow, an = Yt.sign, on = Yt.log10, sn = Yt.log2, cn = (e, t = 1) => Yt.sinh(e) * t, ln = (e, t = 1) => Yt.asinh(e / t), G = Infinity;
function un(e) {
	return (on((e ^ e >> 31) - (e >> 31)) | 0) + 1;
}
function dn(e, t, n) {
	return tn(nn(e, t), n);
}
function fn(e) {
	return typeof e == "function";
}
function K(e) {
	return fn(e) ? e : () => e;
}
var pn = () => {}, mn = (e) => e, hn = (e, t) => t, gn = (e) => null, _n = (e) => !0, vn = (e, t) => e == t, yn = /\.\d*?(?=9{6,}|0{6,})/gm, bn = (e) => {
	if (An(e) || wn.has(e)) return e;
	let t = `${e}`, n = t.match(yn);
	if (n == null) return e;
	let r = n[0].length - 1;
	if (t.indexOf("e-") != -1) {
		let [e, n] = t.split("e");
		return +`${bn(e)}e${n}`;
	}
	return q(e, r);
};
function xn(e, t) {
	return bn(q(bn(e / t)) * t);
}
function Sn(e, t) {
	return bn(en(bn(e / t)) * t);
}
function Cn(e, t) {
	return bn(Qt(bn(e / t)) * t);
}
function q(e, t = 0) {
	if (An(e)) return e;
	let n = 10 ** t;
	return $t(e * n * (1 + 2 ** -52)) / n;
}
var wn = /* @__PURE__ */ new Map();
function Tn(e) {
	return (("" + e).split(".")[1] || "").length;
}
function J(e, t, n, r) {
	let i = [], a = r.map(Tn);
	for (let o = t; o < n; o++) {
		let t = Zt(o), n = q(rn(e, o), t);
		for (let s = 0; s < r.length; s++) {
			let c = e == 10 ? +`${r[s]}e${o}` : r[s] * n, l = (o >= 0 ? 0 : t) + (o >= a[s] ? 0 : a[s]), u = e == 10 ? c : q(c, l);
			i.push(u), wn.set(u, l);
		}
	}
	return i;
}
var En = {}, Dn = [], On = [null, null], kn = Array.isArray, An = Number.isInteger, jn = (e) => e === void 0;
function Mn(e) {
	return typeof e == "string";
}
function Nn(e) {
	let t = !1;
	if (e != null) {
		let n = e.constructor;
		t = n == null || n == Object;
	}
	return t;
}
function Pn(e) {
	return typeof e == "object" && !!e;
}
var Fn = Object.getPrototypeOf(Uint8Array), In = "__proto__";
function Ln(e, t = Nn) {
	let n;
	if (kn(e)) {
		let r = e.find((e) => e != null);
		if (kn(r) || t(r)) {
			n = Array(e.length);
			for (let r = 0; r < e.length; r++) n[r] = Ln(e[r], t);
		} else n = e.slice();
	} else if (e instanceof Fn) n = e.slice();
	else if (t(e)) {
		n = {};
		for (let r in e) r != In && (n[r] = Ln(e[r], t));
	} else n = e;
	return n;
}
function Rn(e) {
	let t = arguments;
	for (let n = 1; n < t.length; n++) {
		let r = t[n];
		for (let t in r) t != In && (Nn(e[t]) ? Rn(e[t], Ln(r[t])) : e[t] = Ln(r[t]));
	}
	return e;
}
var zn = 0, Bn = 1, Vn = 2;
function Hn(e, t, n) {
	for (let r = 0, i, a = -1; r < t.length; r++) {
		let o = t[r];
		if (o > a) {
			for (i = o - 1; i >= 0 && e[i] == null;) e[i--] = null;
			for (i = o + 1; i < n && e[i] == null;) e[a = i++] = null;
		}
	}
}
function Un(e, t) {
	if (Kn(e)) {
		let t = e[0].slice();
		for (let n = 1; n < e.length; n++) t.push(...e[n].slice(1));
		return qn(t[0]) || (t = Gn(t)), t;
	}
	let n = /* @__PURE__ */ new Set();
	for (let t = 0; t < e.length; t++) {
		let r = e[t][0], i = r.length;
		for (let e = 0; e < i; e++) n.add(r[e]);
	}
	let r = [Array.from(n).sort((e, t) => e - t)], i = r[0].length, a = /* @__PURE__ */ new Map();
	for (let e = 0; e < i; e++) a.set(r[0][e], e);
	for (let n = 0; n < e.length; n++) {
		let o = e[n], s = o[0];
		for (let e = 1; e < o.length; e++) {
			let c = o[e], l = Array(i).fill(void 0), u = t ? t[n][e] : Bn, d = [];
			for (let e = 0; e < c.length; e++) {
				let t = c[e], n = a.get(s[e]);
				t === null ? u != zn && (l[n] = t, u == Vn && d.push(n)) : l[n] = t;
			}
			Hn(l, d, i), r.push(l);
		}
	}
	return r;
}
var Wn = typeof queueMicrotask > "u" ? (e) => Promise.resolve().then(e) : queueMicrotask;
function Gn(e) {
	let t = e[0], n = t.length, r = Array(n);
	for (let e = 0; e < r.length; e++) r[e] = e;
	r.sort((e, n) => t[e] - t[n]);
	let i = [];
	for (let t = 0; t < e.length; t++) {
		let a = e[t], o = Array(n);
		for (let e = 0; e < n; e++) o[e] = a[r[e]];
		i.push(o);
	}
	return i;
}
function Kn(e) {
	let t = e[0][0], n = t.length;
	for (let r = 1; r < e.length; r++) {
		let i = e[r][0];
		if (i.length != n) return !1;
		if (i != t) {
			for (let e = 0; e < n; e++) if (i[e] != t[e]) return !1;
		}
	}
	return !0;
}
function qn(e, t = 100) {
	let n = e.length;
	if (n <= 1) return !0;
	let r = 0, i = n - 1;
	for (; r <= i && e[r] == null;) r++;
	for (; i >= r && e[i] == null;) i--;
	if (i <= r) return !0;
	let a = nn(1, Qt((i - r + 1) / t));
	for (let t = e[r], n = r + a; n <= i; n += a) {
		let r = e[n];
		if (r != null) {
			if (r <= t) return !1;
			t = r;
		}
	}
	return !0;
}
var Jn = [
	"January",
	"February",
	"March",
	"April",
	"May",
	"June",
	"July",
	"August",
	"September",
	"October",
	"November",
	"December"
], Yn = [
	"Sunday",
	"Monday",
	"Tuesday",
	"Wednesday",
	"Thursday",
	"Friday",
	"Saturday"
];
function Xn(e) {
	return e.slice(0, 3);
}
var Zn = Yn.map(Xn), Qn = {
	MMMM: Jn,
	MMM: Jn.map(Xn),
	WWWW: Yn,
	WWW: Zn
};
function $n(e) {
	return (e < 10 ? "0" : "") + e;
}
function er(e) {
	return (e < 10 ? "00" : e < 100 ? "0" : "") + e;
}
var tr = {
	YYYY: (e) => e.getFullYear(),
	YY: (e) => (e.getFullYear() + "").slice(2),
	MMMM: (e, t) => t.MMMM[e.getMonth()],
	MMM: (e, t) => t.MMM[e.getMonth()],
	MM: (e) => $n(e.getMonth() + 1),
	M: (e) => e.getMonth() + 1,
	DD: (e) => $n(e.getDate()),
	D: (e) => e.getDate(),
	WWWW: (e, t) => t.WWWW[e.getDay()],
	WWW: (e, t) => t.WWW[e.getDay()],
	HH: (e) => $n(e.getHours()),
	H: (e) => e.getHours(),
	h: (e) => {
		let t = e.getHours();
		return t == 0 ? 12 : t > 12 ? t - 12 : t;
	},
	AA: (e) => e.getHours() >= 12 ? "PM" : "AM",
	aa: (e) => e.getHours() >= 12 ? "pm" : "am",
	a: (e) => e.getHours() >= 12 ? "p" : "a",
	mm: (e) => $n(e.getMinutes()),
	m: (e) => e.getMinutes(),
	ss: (e) => $n(e.getSeconds()),
	s: (e) => e.getSeconds(),
	fff: (e) => er(e.getMilliseconds())
};
function nr(e, t) {
	t ||= Qn;
	let n = [], r = /\{([a-z]+)\}|[^{]+/gi, i;
	for (; i = r.exec(e);) n.push(i[0][0] == "{" ? tr[i[1]] : i[0]);
	return (e) => {
		let r = "";
		for (let i = 0; i < n.length; i++) r += typeof n[i] == "string" ? n[i] : n[i](e, t);
		return r;
	};
}
var rr = new Intl.DateTimeFormat().resolvedOptions().timeZone;
function ir(e, t) {
	let n;
	return t == "UTC" || t == "Etc/UTC" ? n = /* @__PURE__ */ new Date(+e + e.getTimezoneOffset() * 6e4) : t == rr ? n = e : (n = new Date(e.toLocaleString("en-US", { timeZone: t })), n.setMilliseconds(e.getMilliseconds())), n;
}
var ar = (e) => e % 1 == 0, or = [
	1,
	2,
	2.5,
	5
], sr = J(10, -32, 0, or), cr = J(10, 0, 32, or), lr = cr.filter(ar), ur = sr.concat(cr), dr = "\n", fr = "{YYYY}", pr = dr + fr, mr = "{M}/{D}", hr = dr + mr, gr = hr + "/{YY}", _r = "{aa}", vr = "{h}:{mm}" + _r, yr = dr + vr, br = ":{ss}", Y = null;
function xr(e) {
	let t = e * 1e3, n = t * 60, r = n * 60, i = r * 24, a = i * 30, o = i * 365, s = (e == 1 ? J(10, 0, 3, or).filter(ar) : J(10, -3, 0, or)).concat([
		t,
		t * 5,
		t * 10,
		t * 15,
		t * 30,
		n,
		n * 5,
		n * 10,
		n * 15,
		n * 30,
		r,
		r * 2,
		r * 3,
		r * 4,
		r * 6,
		r * 8,
		r * 12,
		i,
		i * 2,
		i * 3,
		i * 4,
		i * 5,
		i * 6,
		i * 7,
		i * 8,
		i * 9,
		i * 10,
		i * 15,
		a,
		a * 2,
		a * 3,
		a * 4,
		a * 6,
		o,
		o * 2,
		o * 5,
		o * 10,
		o * 25,
		o * 50,
		o * 100
	]), c = [
		[
			o,
			fr,
			Y,
			Y,
			Y,
			Y,
			Y,
			Y,
			1
		],
		[
			i * 28,
			"{MMM}",
			pr,
			Y,
			Y,
			Y,
			Y,
			Y,
			1
		],
		[
			i,
			mr,
			pr,
			Y,
			Y,
			Y,
			Y,
			Y,
			1
		],
		[
			r,
			"{h}" + _r,
			gr,
			Y,
			hr,
			Y,
			Y,
			Y,
			1
		],
		[
			n,
			vr,
			gr,
			Y,
			hr,
			Y,
			Y,
			Y,
			1
		],
		[
			t,
			br,
			gr + " " + vr,
			Y,
			hr + " " + vr,
			Y,
			yr,
			Y,
			1
		],
		[
			e,
			br + ".{fff}",
			gr + " " + vr,
			Y,
			hr + " " + vr,
			Y,
			yr,
			Y,
			1
		]
	];
	function l(t) {
		return (s, c, l, u, d, f) => {
			let p = [], m = d >= o, h = d >= a && d < o, g = t(l), _ = q(g * e, 3), v = jr(g.getFullYear(), m ? 0 : g.getMonth(), h || m ? 1 : g.getDate()), y = q(v * e, 3);
			if (h || m) {
				let n = h ? d / a : 0, r = m ? d / o : 0, i = _ == y ? _ : q(jr(v.getFullYear() + r, v.getMonth() + n, 1) * e, 3), s = new Date($t(i / e)), c = s.getFullYear(), l = s.getMonth();
				for (let a = 0; i <= u; a++) {
					let o = jr(c + r * a, l + n * a, 1), s = o - t(q(o * e, 3));
					i = q((+o + s) * e, 3), i <= u && p.push(i);
				}
			} else {
				let a = d >= i ? i : d, o = y + (Qt(l) - Qt(_)) + Sn(_ - y, a);
				p.push(o);
				let m = t(o), h = m.getHours() + m.getMinutes() / n + m.getSeconds() / r, g = d / r, v = f / s.axes[c]._space;
				for (; o = q(o + d, e == 1 ? 0 : 3), !(o > u);) if (g > 1) {
					let e = Qt(q(h + g, 6)) % 24, n = t(o).getHours() - e;
					n > 1 && (n = -1), o -= n * r, h = (h + g) % 24;
					let i = p[p.length - 1];
					q((o - i) / d, 3) * v >= .7 && p.push(o);
				} else p.push(o);
			}
			return p;
		};
	}
	return [
		s,
		c,
		l
	];
}
var [Sr, Cr, wr] = xr(1), [Tr, Er, Dr] = xr(.001);
J(2, -53, 53, [1]);
function Or(e, t) {
	return e.map((e) => e.map((n, r) => r == 0 || r == 8 || n == null ? n : t(r == 1 || e[8] == 0 ? n : e[1] + n)));
}
function kr(e, t) {
	return (n, r, i, a, o) => {
		let s = t.find((e) => o >= e[0]) || t[t.length - 1], c, l, u, d, f, p;
		return r.map((t) => {
			let n = e(t), r = n.getFullYear(), i = n.getMonth(), a = n.getDate(), o = n.getHours(), m = n.getMinutes(), h = n.getSeconds(), g = r != c && s[2] || i != l && s[3] || a != u && s[4] || o != d && s[5] || m != f && s[6] || h != p && s[7] || s[1];
			return c = r, l = i, u = a, d = o, f = m, p = h, g(n);
		});
	};
}
function Ar(e, t) {
	let n = nr(t);
	return (t, r, i, a, o) => r.map((t) => n(e(t)));
}
function jr(e, t, n) {
	return new Date(e, t, n);
}
function Mr(e, t) {
	return t(e);
}
var Nr = "{YYYY}-{MM}-{DD} {h}:{mm}{aa}";
function Pr(e, t) {
	return (n, r, i, a) => a == null ? ut : t(e(r));
}
function Fr(e, t) {
	let n = e.series[t];
	return n.width ? n.stroke(e, t) : n.points.width ? n.points.stroke(e, t) : null;
}
function Ir(e, t) {
	return e.series[t].fill(e, t);
}
var Lr = {
	show: !0,
	live: !0,
	isolate: !1,
	mount: pn,
	markers: {
		show: !0,
		width: 2,
		stroke: Fr,
		fill: Ir,
		dash: "solid"
	},
	idx: null,
	idxs: null,
	values: []
};
function Rr(e, t) {
	let n = e.cursor.points, r = bt(), i = n.size(e, t);
	U(r, Ke, i), U(r, qe, i);
	let a = i / -2;
	U(r, "marginLeft", a), U(r, "marginTop", a);
	let o = n.width(e, t, i);
	return o && U(r, "borderWidth", o), r;
}
function zr(e, t) {
	let n = e.series[t].points;
	return n._fill || n._stroke;
}
function Br(e, t) {
	let n = e.series[t].points;
	return n._stroke || n._fill;
}
function Vr(e, t) {
	return e.series[t].points.size;
}
var Hr = [0, 0];
function Ur(e, t, n) {
	return Hr[0] = t, Hr[1] = n, Hr;
}
function Wr(e, t, n, r = !0) {
	return (e) => {
		e.button != 0 || r && e.target != t || n(e);
	};
}
function Gr(e, t, n, r = !0) {
	return (e) => {
		r && e.target != t || n(e);
	};
}
var Kr = {
	show: !0,
	x: !0,
	y: !0,
	lock: !1,
	move: Ur,
	points: {
		one: !1,
		show: Rr,
		size: Vr,
		width: 0,
		stroke: Br,
		fill: zr
	},
	bind: {
		mousedown: Wr,
		mouseup: Wr,
		click: Wr,
		dblclick: Wr,
		mousemove: Gr,
		mouseleave: Gr,
		mouseenter: Gr
	},
	drag: {
		setScale: !0,
		x: !0,
		y: !1,
		dist: 0,
		uni: null,
		click: (e, t) => {
			t.stopPropagation(), t.stopImmediatePropagation();
		},
		_x: !1,
		_y: !1
	},
	focus: {
		dist: (e, t, n, r, i) => r - i,
		prox: -1,
		bias: 0
	},
	hover: {
		skip: [void 0],
		prox: null,
		bias: 0
	},
	left: -10,
	top: -10,
	idx: null,
	dataIdx: null,
	idxs: null,
	event: null
}, qr = {
	show: !0,
	stroke: "rgba(0,0,0,0.07)",
	width: 2
}, Jr = Rn({}, qr, { filter: hn }), Yr = Rn({}, Jr, { size: 10 }), Xr = Rn({}, qr, { show: !1 }), Zr = "12px system-ui, -apple-system, \"Segoe UI\", Roboto, \"Helvetica Neue\", Arial, \"Noto Sans\", sans-serif, \"Apple Color Emoji\", \"Segoe UI Emoji\", \"Segoe UI Symbol\", \"Noto Color Emoji\"", X = "bold " + Zr, Z = 1.5, Qr = {
	show: !0,
	scale: "x",
	stroke: Qe,
	space: 50,
	gap: 5,
	alignTo: 1,
	size: 50,
	labelGap: 0,
	labelSize: 30,
	labelFont: X,
	side: 2,
	grid: Jr,
	ticks: Yr,
	border: Xr,
	font: Zr,
	lineGap: Z,
	rotate: 0
}, $r = "Value", ei = "Time", ti = {
	show: !0,
	scale: "x",
	auto: !1,
	sorted: 1,
	min: G,
	max: -Infinity,
	idxs: []
};
function ni(e, t, n, r, i) {
	return t.map((e) => e == null ? "" : Jt(e));
}
function ri(e, t, n, r, i, a, o) {
	let s = [], c = wn.get(i) || 0;
	n = o ? n : q(Sn(n, i), c);
	for (let e = n; e <= r; e = q(e + i, c)) s.push(Object.is(e, -0) ? 0 : e);
	return s;
}
function ii(e, t, n, r, i, a, o) {
	let s = [], c = e.scales[e.axes[t].scale].log;
	i = rn(c, Qt((c == 10 ? on : sn)(n))), c == 10 && (i = ur[jt(i, ur)]);
	let l = n, u = i * c;
	c == 10 && (u = ur[jt(u, ur)]);
	do
		s.push(l), l += i, c == 10 && !wn.has(l) && (l = q(l, wn.get(i))), l >= u && (i = l, u = i * c, c == 10 && (u = ur[jt(u, ur)]));
	while (l <= r);
	return s;
}
function ai(e, t, n, r, i, a, o) {
	let s = e.scales[e.axes[t].scale].asinh, c = r > s ? ii(e, t, nn(s, n), r, i) : [s], l = r >= 0 && n <= 0 ? [0] : [];
	return (n < -s ? ii(e, t, nn(s, -r), -n, i) : [s]).reverse().map((e) => -e).concat(l, c);
}
var oi = /./, si = /[12357]/, ci = /[125]/, li = /1/, Q = (e, t, n, r) => e.map((e, i) => t == 4 && e == 0 || i % r == 0 && n.test(e.toExponential()[+(e < 0)]) ? e : null);
function ui(e, t, n, r, i) {
	let a = e.axes[n], o = a.scale, s = e.scales[o], c = e.valToPos, l = a._space, u = c(10, o), d = c(9, o) - u >= l ? oi : c(7, o) - u >= l ? si : c(5, o) - u >= l ? ci : li;
	if (d == li) {
		let e = Zt(c(1, o) - u);
		if (e < l) return Q(t.slice().reverse(), s.distr, d, en(l / e)).reverse();
	}
	return Q(t, s.distr, d, 1);
}
function di(e, t, n, r, i) {
	let a = e.axes[n], o = a.scale, s = a._space, c = e.valToPos, l = Zt(c(1, o) - c(2, o));
	return l < s ? Q(t.slice().reverse(), 3, oi, en(s / l)).reverse() : t;
}
function fi(e, t, n, r) {
	return r == null ? ut : t == null ? "" : Jt(t);
}
var pi = {
	show: !0,
	scale: "y",
	stroke: Qe,
	space: 30,
	gap: 5,
	alignTo: 1,
	size: 50,
	labelGap: 0,
	labelSize: 30,
	labelFont: X,
	side: 3,
	grid: Jr,
	ticks: Yr,
	border: Xr,
	font: Zr,
	lineGap: Z,
	rotate: 0
};
function mi(e, t) {
	return q((3 + (e || 1) * 2) * t, 3);
}
function hi(e, t) {
	let { scale: n, idxs: r } = e.series[0], i = e._data[0], a = e.valToPos(i[r[0]], n, !0), o = Zt(e.valToPos(i[r[1]], n, !0) - a) / (e.series[t].points.space * H);
	return r[1] - r[0] <= o;
}
var gi = {
	scale: null,
	auto: !0,
	sorted: 0,
	min: G,
	max: -Infinity
}, _i = (e, t, n, r, i) => i, vi = {
	show: !0,
	auto: !0,
	sorted: 0,
	gaps: _i,
	alpha: 1,
	facets: [Rn({}, gi, { scale: "x" }), Rn({}, gi, { scale: "y" })]
}, yi = {
	scale: "y",
	auto: !0,
	sorted: 0,
	show: !0,
	spanGaps: !1,
	gaps: _i,
	alpha: 1,
	points: {
		show: hi,
		filter: null
	},
	values: null,
	min: G,
	max: -Infinity,
	idxs: [],
	path: null,
	clip: null
};
function bi(e, t, n, r, i) {
	return n / 10;
}
var xi = {
	time: Te,
	auto: !0,
	distr: 1,
	log: 10,
	asinh: 1,
	min: null,
	max: null,
	dir: 1,
	ori: 0
}, Si = Rn({}, xi, {
	time: !1,
	ori: 1
}), Ci = {};
function wi(e, t) {
	let n = Ci[e];
	return n || (n = {
		key: e,
		plots: [],
		sub(e) {
			n.plots.push(e);
		},
		unsub(e) {
			n.plots = n.plots.filter((t) => t != e);
		},
		pub(e, t, r, i, a, o, s) {
			for (let c = 0; c < n.plots.length; c++) n.plots[c] != t && n.plots[c].pub(e, t, r, i, a, o, s);
		}
	}, e != null && (Ci[e] = n)), n;
}
var Ti = 1, Ei = 2;
function Di(e, t, n) {
	let r = e.mode, i = e.series[t], a = r == 2 ? e._data[t] : e._data, o = e.scales, s = e.bbox, c = a[0], l = r == 2 ? a[1] : a[t], u = r == 2 ? o[i.facets[0].scale] : o[e.series[0].scale], d = r == 2 ? o[i.facets[1].scale] : o[i.scale], f = s.left, p = s.top, m = s.width, h = s.height, g = e.valToPosH, _ = e.valToPosV;
	return u.ori == 0 ? n(i, c, l, u, d, g, _, f, p, m, h, Ii, Ri, Bi, Hi, Wi) : n(i, c, l, u, d, _, g, p, f, h, m, Li, zi, Vi, Ui, Gi);
}
function Oi(e, t) {
	let n = 0, r = 0, i = W(e.bands, Dn);
	for (let e = 0; e < i.length; e++) {
		let a = i[e];
		a.series[0] == t ? n = a.dir : a.series[1] == t && (a.dir == 1 ? r |= 1 : r |= 2);
	}
	return [n, r == 1 ? -1 : r == 2 ? 1 : r == 3 ? 2 : 0];
}
function ki(e, t, n, r, i) {
	let a = e.mode, o = e.series[t], s = a == 2 ? o.facets[1].scale : o.scale, c = e.scales[s];
	return i == -1 ? c.min : i == 1 ? c.max : c.distr == 3 ? c.dir == 1 ? c.min : c.max : 0;
}
function Ai(e, t, n, r, i, a) {
	return Di(e, t, (e, t, o, s, c, l, u, d, f, p, m) => {
		let h = e.pxRound, g = s.dir * (s.ori == 0 ? 1 : -1), _ = s.ori == 0 ? Ri : zi, v, y;
		g == 1 ? (v = n, y = r) : (v = r, y = n);
		let b = h(l(t[v], s, p, d)), x = h(u(o[v], c, m, f)), S = h(l(t[y], s, p, d)), C = h(u(a == 1 ? c.max : c.min, c, m, f)), w = new Path2D(i);
		return _(w, S, C), _(w, b, C), _(w, b, x), w;
	});
}
function ji(e, t, n, r, i, a) {
	let o = null;
	if (e.length > 0) {
		o = new Path2D();
		let s = t == 0 ? Bi : Vi, c = n;
		for (let t = 0; t < e.length; t++) {
			let n = e[t];
			if (n[1] > n[0]) {
				let e = n[0] - c;
				e > 0 && s(o, c, r, e, r + a), c = n[1];
			}
		}
		let l = n + i - c;
		l > 0 && s(o, c, r - 5, l, r + a + 10);
	}
	return o;
}
function Mi(e, t, n) {
	let r = e[e.length - 1];
	r && r[0] == t ? r[1] = n : e.push([t, n]);
}
function Ni(e, t, n, r, i, a, o) {
	let s = [], c = e.length;
	for (let l = i == 1 ? n : r; l >= n && l <= r; l += i) if (t[l] === null) {
		let u = l, d = l;
		if (i == 1) for (; ++l <= r && t[l] === null;) d = l;
		else for (; --l >= n && t[l] === null;) d = l;
		let f = a(e[u]), p = d == u ? f : a(e[d]), m = u - i;
		f = o <= 0 && m >= 0 && m < c ? a(e[m]) : f;
		let h = d + i;
		p = o >= 0 && h >= 0 && h < c ? a(e[h]) : p, p >= f && s.push([f, p]);
	}
	return s;
}
function Pi(e) {
	return e == 0 ? mn : e == 1 ? $t : (t) => xn(t, e);
}
function Fi(e) {
	let t = e == 0 ? Ii : Li, n = e == 0 ? (e, t, n, r, i, a) => {
		e.arcTo(t, n, r, i, a);
	} : (e, t, n, r, i, a) => {
		e.arcTo(n, t, i, r, a);
	}, r = e == 0 ? (e, t, n, r, i) => {
		e.rect(t, n, r, i);
	} : (e, t, n, r, i) => {
		e.rect(n, t, i, r);
	};
	return (e, i, a, o, s, c = 0, l = 0) => {
		c == 0 && l == 0 ? r(e, i, a, o, s) : (c = tn(c, o / 2, s / 2), l = tn(l, o / 2, s / 2), t(e, i + c, a), n(e, i + o, a, i + o, a + s, c), n(e, i + o, a + s, i, a + s, l), n(e, i, a + s, i, a, l), n(e, i, a, i + o, a, c), e.closePath());
	};
}
var Ii = (e, t, n) => {
	e.moveTo(t, n);
}, Li = (e, t, n) => {
	e.moveTo(n, t);
}, Ri = (e, t, n) => {
	e.lineTo(t, n);
}, zi = (e, t, n) => {
	e.lineTo(n, t);
}, Bi = Fi(0), Vi = Fi(1), Hi = (e, t, n, r, i, a) => {
	e.arc(t, n, r, i, a);
}, Ui = (e, t, n, r, i, a) => {
	e.arc(n, t, r, i, a);
}, Wi = (e, t, n, r, i, a, o) => {
	e.bezierCurveTo(t, n, r, i, a, o);
}, Gi = (e, t, n, r, i, a, o) => {
	e.bezierCurveTo(n, t, i, r, o, a);
};
function Ki(e) {
	return (e, t, n, r, i) => Di(e, t, (t, a, o, s, c, l, u, d, f, p, m) => {
		let { pxRound: h, points: g } = t, _, v;
		s.ori == 0 ? (_ = Ii, v = Hi) : (_ = Li, v = Ui);
		let y = q(g.width * H, 3), b = (g.size - g.width) / 2 * H, x = q(b * 2, 3), S = new Path2D(), C = new Path2D(), { left: w, top: T, width: E, height: D } = e.bbox;
		Bi(C, w - x, T - x, E + x * 2, D + x * 2);
		let O = (e) => {
			if (o[e] != null) {
				let t = h(l(a[e], s, p, d)), n = h(u(o[e], c, m, f));
				_(S, t + b, n), v(S, t, n, b, 0, Xt * 2);
			}
		};
		if (i) i.forEach(O);
		else for (let e = n; e <= r; e++) O(e);
		return {
			stroke: y > 0 ? S : null,
			fill: S,
			clip: C,
			flags: 3
		};
	});
}
function qi(e) {
	return (t, n, r, i, a, o) => {
		r != i && (a != r && o != r && e(t, n, r), a != i && o != i && e(t, n, i), e(t, n, o));
	};
}
var Ji = qi(Ri), Yi = qi(zi);
function Xi(e) {
	let t = W(e?.alignGaps, 0);
	return (e, n, r, i) => Di(e, n, (a, o, s, c, l, u, d, f, p, m, h) => {
		[r, i] = Ft(s, r, i);
		let g = a.pxRound, _ = (e) => g(u(e, c, m, f)), v = (e) => g(d(e, l, h, p)), y, b;
		c.ori == 0 ? (y = Ri, b = Ji) : (y = zi, b = Yi);
		let x = c.dir * (c.ori == 0 ? 1 : -1), S = {
			stroke: new Path2D(),
			fill: null,
			clip: null,
			band: null,
			gaps: null,
			flags: Ti
		}, C = S.stroke, w = !1;
		if (i - r >= m * 4) {
			let t = (t) => e.posToVal(t, c.key, !0), n = null, a = null, l, u, d, f = _(o[x == 1 ? r : i]), p = _(o[r]), m = _(o[i]), h = t(x == 1 ? p + 1 : m - 1);
			for (let e = x == 1 ? r : i; e >= r && e <= i; e += x) {
				let r = o[e], i = (x == 1 ? r < h : r > h) ? f : _(r), c = s[e];
				i == f ? c == null ? c === null && (w = !0) : (u = c, n == null ? (y(C, i, v(u)), l = n = a = u) : u < n ? n = u : u > a && (a = u)) : (n != null && b(C, f, v(n), v(a), v(l), v(u)), c == null ? (n = a = null, c === null && (w = !0)) : (u = c, y(C, i, v(u)), n = a = l = u), f = i, h = t(f + x));
			}
			n != null && n != a && d != f && b(C, f, v(n), v(a), v(l), v(u));
		} else for (let e = x == 1 ? r : i; e >= r && e <= i; e += x) {
			let t = s[e];
			t === null ? w = !0 : t != null && y(C, _(o[e]), v(t));
		}
		let [T, E] = Oi(e, n);
		if (a.fill != null || T != 0) {
			let t = S.fill = new Path2D(C), s = v(a.fillTo(e, n, a.min, a.max, T)), c = _(o[r]), l = _(o[i]);
			x == -1 && ([l, c] = [c, l]), y(t, l, s), y(t, c, s);
		}
		if (!a.spanGaps) {
			let l = [];
			w && l.push(...Ni(o, s, r, i, x, _, t)), S.gaps = l = a.gaps(e, n, r, i, l), S.clip = ji(l, c.ori, f, p, m, h);
		}
		return E != 0 && (S.band = E == 2 ? [Ai(e, n, r, i, C, -1), Ai(e, n, r, i, C, 1)] : Ai(e, n, r, i, C, E)), S;
	});
}
function Zi(e) {
	let t = W(e.align, 1), n = W(e.ascDesc, !1), r = W(e.alignGaps, 0), i = W(e.extend, !1);
	return (e, a, o, s) => Di(e, a, (c, l, u, d, f, p, m, h, g, _, v) => {
		[o, s] = Ft(u, o, s);
		let y = c.pxRound, { left: b, width: x } = e.bbox, S = (e) => y(p(e, d, _, h)), C = (e) => y(m(e, f, v, g)), w = d.ori == 0 ? Ri : zi, T = {
			stroke: new Path2D(),
			fill: null,
			clip: null,
			band: null,
			gaps: null,
			flags: Ti
		}, E = T.stroke, D = d.dir * (d.ori == 0 ? 1 : -1), O = C(u[D == 1 ? o : s]), k = S(l[D == 1 ? o : s]), ee = k, A = k;
		i && t == -1 && (A = b, w(E, A, O)), w(E, k, O);
		for (let e = D == 1 ? o : s; e >= o && e <= s; e += D) {
			let n = u[e];
			if (n == null) continue;
			let r = S(l[e]), i = C(n);
			t == 1 ? w(E, r, O) : w(E, ee, i), w(E, r, i), O = i, ee = r;
		}
		let j = ee;
		i && t == 1 && (j = b + x, w(E, j, O));
		let [te, ne] = Oi(e, a);
		if (c.fill != null || te != 0) {
			let t = T.fill = new Path2D(E), n = C(c.fillTo(e, a, c.min, c.max, te));
			w(t, j, n), w(t, A, n);
		}
		if (!c.spanGaps) {
			let i = [];
			i.push(...Ni(l, u, o, s, D, S, r));
			let f = c.width * H / 2, p = n || t == 1 ? f : -f, m = n || t == -1 ? -f : f;
			i.forEach((e) => {
				e[0] += p, e[1] += m;
			}), T.gaps = i = c.gaps(e, a, o, s, i), T.clip = ji(i, d.ori, h, g, _, v);
		}
		return ne != 0 && (T.band = ne == 2 ? [Ai(e, a, o, s, E, -1), Ai(e, a, o, s, E, 1)] : Ai(e, a, o, s, E, ne)), T;
	});
}
function Qi(e, t, n, r, i, a, o = G) {
	if (e.length > 1) {
		let s = null;
		for (let c = 0, l = Infinity; c < e.length; c++) if (t[c] !== void 0) {
			if (s != null) {
				let t = Zt(e[c] - e[s]);
				t < l && (l = t, o = Zt(n(e[c], r, i, a) - n(e[s], r, i, a)));
			}
			s = c;
		}
	}
	return o;
}
function $i(e) {
	e ||= En;
	let t = W(e.size, [
		.6,
		G,
		1
	]), n = e.align || 0, r = e.gap || 0, i = e.radius;
	i = i == null ? [0, 0] : typeof i == "number" ? [i, 0] : i;
	let a = K(i), o = 1 - t[0], s = W(t[1], G), c = W(t[2], 1), l = W(e.disp, En), u = W(e.each, (e) => {}), { fill: d, stroke: f } = l;
	return (e, t, i, p) => Di(e, t, (m, h, g, _, v, y, b, x, S, C, w) => {
		let T = m.pxRound, E = n, D = r * H, O = s * H, k = c * H, ee, A;
		_.ori == 0 ? [ee, A] = a(e, t) : [A, ee] = a(e, t);
		let j = _.dir * (_.ori == 0 ? 1 : -1), te = _.ori == 0 ? Bi : Vi, ne = _.ori == 0 ? u : (e, t, n, r, i, a, o) => {
			u(e, t, n, i, r, o, a);
		}, re = W(e.bands, Dn).find((e) => e.series[0] == t), ie = re == null ? 0 : re.dir, ae = m.fillTo(e, t, m.min, m.max, ie), M = T(b(ae, v, w, S)), N, P, F, I = C, L = T(m.width * H), oe = !1, R = null, se = null, z = null, ce = null;
		d != null && (L == 0 || f != null) && (oe = !0, R = d.values(e, t, i, p), se = /* @__PURE__ */ new Map(), new Set(R).forEach((e) => {
			e != null && se.set(e, new Path2D());
		}), L > 0 && (z = f.values(e, t, i, p), ce = /* @__PURE__ */ new Map(), new Set(z).forEach((e) => {
			e != null && ce.set(e, new Path2D());
		})));
		let { x0: le, size: ue } = l;
		if (le != null && ue != null) {
			E = 1, h = le.values(e, t, i, p), le.unit == 2 && (h = h.map((t) => e.posToVal(x + t * C, _.key, !0)));
			let n = ue.values(e, t, i, p);
			P = ue.unit == 2 ? n[0] * C : y(n[0], _, C, x) - y(0, _, C, x), I = Qi(h, g, y, _, C, x, I), F = I - P + D;
		} else I = Qi(h, g, y, _, C, x, I), F = I * o + D, P = I - F;
		F < 1 && (F = 0), L >= P / 2 && (L = 0), F < 5 && (T = mn);
		let de = F > 0, fe = I - F - (de ? L : 0);
		P = T(dn(fe, k, O)), N = (E == 0 ? P / 2 : E == j ? 0 : P) - E * j * ((E == 0 ? D / 2 : 0) + (de ? L / 2 : 0));
		let pe = {
			stroke: null,
			fill: null,
			clip: null,
			band: null,
			gaps: null,
			flags: 0
		}, me = oe ? null : new Path2D(), he = null;
		if (re != null) he = e.data[re.series[1]];
		else {
			let { y0: n, y1: r } = l;
			n != null && r != null && (g = r.values(e, t, i, p), he = n.values(e, t, i, p));
		}
		let ge = ee * P, _e = A * P;
		for (let n = j == 1 ? i : p; n >= i && n <= p; n += j) {
			let r = g[n];
			if (r == null) continue;
			if (he != null) {
				let e = he[n] ?? 0;
				if (r - e == 0) continue;
				M = b(e, v, w, S);
			}
			let i = y(_.distr != 2 || l != null ? h[n] : n, _, C, x), a = b(W(r, ae), v, w, S), o = T(i - N), s = T(nn(a, M)), c = T(tn(a, M)), u = s - c;
			if (r != null) {
				let i = r < 0 ? _e : ge, a = r < 0 ? ge : _e;
				oe ? (L > 0 && z[n] != null && te(ce.get(z[n]), o, c + Qt(L / 2), P, nn(0, u - L), i, a), R[n] != null && te(se.get(R[n]), o, c + Qt(L / 2), P, nn(0, u - L), i, a)) : te(me, o, c + Qt(L / 2), P, nn(0, u - L), i, a), ne(e, t, n, o - L / 2, c, P + L, u);
			}
		}
		return L > 0 ? pe.stroke = oe ? ce : me : oe || (pe._fill = m.width == 0 ? m._fill : m._stroke ?? m._fill, pe.width = 0), pe.fill = oe ? se : me, pe;
	});
}
function ea(e, t) {
	let n = W(t?.alignGaps, 0);
	return (t, r, i, a) => Di(t, r, (o, s, c, l, u, d, f, p, m, h, g) => {
		[i, a] = Ft(c, i, a);
		let _ = o.pxRound, v = (e) => _(d(e, l, h, p)), y = (e) => _(f(e, u, g, m)), b, x, S;
		l.ori == 0 ? (b = Ii, S = Ri, x = Wi) : (b = Li, S = zi, x = Gi);
		let C = l.dir * (l.ori == 0 ? 1 : -1), w = v(s[C == 1 ? i : a]), T = w, E = [], D = [];
		for (let e = C == 1 ? i : a; e >= i && e <= a; e += C) if (c[e] != null) {
			let t = s[e], n = v(t);
			E.push(T = n), D.push(y(c[e]));
		}
		let O = {
			stroke: e(E, D, b, S, x, _),
			fill: null,
			clip: null,
			band: null,
			gaps: null,
			flags: Ti
		}, k = O.stroke, [ee, A] = Oi(t, r);
		if (o.fill != null || ee != 0) {
			let e = O.fill = new Path2D(k), n = y(o.fillTo(t, r, o.min, o.max, ee));
			S(e, T, n), S(e, w, n);
		}
		if (!o.spanGaps) {
			let e = [];
			e.push(...Ni(s, c, i, a, C, v, n)), O.gaps = e = o.gaps(t, r, i, a, e), O.clip = ji(e, l.ori, p, m, h, g);
		}
		return A != 0 && (O.band = A == 2 ? [Ai(t, r, i, a, k, -1), Ai(t, r, i, a, k, 1)] : Ai(t, r, i, a, k, A)), O;
	});
}
function ta(e) {
	return ea(na, e);
}
function na(e, t, n, r, i, a) {
	let o = e.length;
	if (o < 2) return null;
	let s = new Path2D();
	if (n(s, e[0], t[0]), o == 2) r(s, e[1], t[1]);
	else {
		let n = Array(o), r = Array(o - 1), a = Array(o - 1), c = Array(o - 1);
		for (let n = 0; n < o - 1; n++) a[n] = t[n + 1] - t[n], c[n] = e[n + 1] - e[n], r[n] = a[n] / c[n];
		n[0] = r[0];
		for (let e = 1; e < o - 1; e++) r[e] === 0 || r[e - 1] === 0 || r[e - 1] > 0 != r[e] > 0 ? n[e] = 0 : (n[e] = 3 * (c[e - 1] + c[e]) / ((2 * c[e] + c[e - 1]) / r[e - 1] + (c[e] + 2 * c[e - 1]) / r[e]), isFinite(n[e]) || (n[e] = 0));
		n[o - 1] = r[o - 2];
		for (let r = 0; r < o - 1; r++) i(s, e[r] + c[r] / 3, t[r] + n[r] * c[r] / 3, e[r + 1] - c[r] / 3, t[r + 1] - n[r + 1] * c[r] / 3, e[r + 1], t[r + 1]);
	}
	return s;
}
var ra = /* @__PURE__ */ new Set();
function ia() {
	for (let e of ra) e.syncRect(!0);
}
dt && (kt(ot, pt, ia), kt(st, pt, ia, !0), kt(lt, pt, () => {
	ba.pxRatio = H;
}));
var aa = Xi(), oa = Ki();
function sa(e, t, n, r) {
	return (r ? [e[0], e[1]].concat(e.slice(2)) : [e[0]].concat(e.slice(1))).map((e, r) => la(e, r, t, n));
}
function ca(e, t) {
	return e.map((e, n) => n == 0 ? {} : Rn({}, t, e));
}
function la(e, t, n, r) {
	return Rn({}, t == 0 ? n : r, e);
}
function ua(e, t, n) {
	return t == null ? On : [t, n];
}
var da = ua;
function fa(e, t, n) {
	return t == null ? On : Wt(t, n, Bt, !0);
}
function pa(e, t, n, r) {
	return t == null ? On : Rt(t, n, e.scales[r].log, !1);
}
var ma = pa;
function ha(e, t, n, r) {
	return t == null ? On : zt(t, n, e.scales[r].log, !1);
}
var ga = ha;
function _a(e, t, n, r, i) {
	let a = nn(un(e), un(t)), o = t - e, s = jt(i / r * o, n);
	do {
		let e = n[s], t = r * e / o;
		if (t >= i && a + (e < 5 ? wn.get(e) : 0) <= 17) return [e, t];
	} while (++s < n.length);
	return [0, 0];
}
function va(e) {
	let t, n;
	return e = e.replace(/(\d+)px/, (e, r) => (t = $t((n = +r) * H)) + "px"), [
		e,
		t,
		n
	];
}
function ya(e) {
	e.show && [e.font, e.labelFont].forEach((e) => {
		let t = q(e[2] * H, 1);
		e[0] = e[0].replace(/[0-9.]+px/, t + "px"), e[1] = t;
	});
}
function ba(e, t, n) {
	let r = { mode: W(e.mode, 1) }, i = r.mode;
	function a(e, t, n, r) {
		let i = t.valToPct(e);
		return r + n * (t.dir == -1 ? 1 - i : i);
	}
	function o(e, t, n, r) {
		let i = t.valToPct(e);
		return r + n * (t.dir == -1 ? i : 1 - i);
	}
	function s(e, t, n, r) {
		return t.ori == 0 ? a(e, t, n, r) : o(e, t, n, r);
	}
	r.valToPosH = a, r.valToPosV = o;
	let c = !1;
	r.status = 0;
	let l = r.root = bt(Ee);
	if (e.id != null && (l.id = e.id), _t(l, e.class), e.title) {
		let t = bt(ke, l);
		t.textContent = e.title;
	}
	let u = yt("canvas"), d = r.ctx = u.getContext("2d"), f = bt(Ae, l);
	kt("click", f, (e) => {
		e.target === m && (X != Jr || Z != Yr) && si.click(r, e);
	}, !0);
	let p = r.under = bt(je, f);
	f.appendChild(u);
	let m = r.over = bt(Me, f);
	e = Ln(e);
	let h = +W(e.pxAlign, 1), g = Pi(h);
	(e.plugins || []).forEach((t) => {
		t.opts && (e = t.opts(r, e) || e);
	});
	let _ = e.ms || .001, v = r.series = i == 1 ? sa(e.series || [], ti, yi, !1) : ca(e.series || [null], vi), y = r.axes = sa(e.axes || [], Qr, pi, !0), b = r.scales = {}, x = r.bands = e.bands || [];
	x.forEach((e) => {
		e.fill = K(e.fill || null), e.dir = W(e.dir, -1);
	});
	let S = i == 2 ? v[1].facets[0].scale : v[0].scale, C = {
		axes: yr,
		series: or
	}, w = (e.drawOrder || ["axes", "series"]).map((e) => C[e]);
	function T(e) {
		let t = e.distr == 3 ? (t) => on(t > 0 ? t : e.clamp(r, t, e.min, e.max, e.key)) : e.distr == 4 ? (t) => ln(t, e.asinh) : e.distr == 100 ? (t) => e.fwd(t) : (e) => e;
		return (n) => {
			let r = t(n), { _min: i, _max: a } = e, o = a - i;
			return (r - i) / o;
		};
	}
	function E(t) {
		let n = b[t];
		if (n == null) {
			let r = (e.scales || En)[t] || En;
			if (r.from != null) {
				E(r.from);
				let e = Rn({}, b[r.from], r, { key: t });
				e.valToPct = T(e), b[t] = e;
			} else {
				n = b[t] = Rn({}, t == S ? xi : Si, r), n.key = t;
				let e = n.time, a = n.range, o = kn(a);
				if ((t != S || i == 2 && !e) && (o && (a[0] == null || a[1] == null) && (a = {
					min: a[0] == null ? Vt : {
						mode: 1,
						hard: a[0],
						soft: a[0]
					},
					max: a[1] == null ? Vt : {
						mode: 1,
						hard: a[1],
						soft: a[1]
					}
				}, o = !1), !o && Nn(a))) {
					let e = a;
					a = (t, n, r) => n == null ? On : Wt(n, r, e);
				}
				n.range = K(a || (e ? da : t == S ? n.distr == 3 ? ma : n.distr == 4 ? ga : ua : n.distr == 3 ? pa : n.distr == 4 ? ha : fa)), n.auto = K(!o && n.auto), n.clamp = K(n.clamp || bi), n._min = n._max = null, n.valToPct = T(n);
			}
		}
	}
	E("x"), E("y"), i == 1 && v.forEach((e) => {
		E(e.scale);
	}), y.forEach((e) => {
		E(e.scale);
	});
	for (let t in e.scales) E(t);
	let D = b[S], O = D.distr, k, ee;
	D.ori == 0 ? (_t(l, De), k = a, ee = o) : (_t(l, Oe), k = o, ee = a);
	let A = {};
	for (let e in b) {
		let t = b[e];
		(t.min != null || t.max != null) && (A[e] = {
			min: t.min,
			max: t.max
		}, t.min = t.max = null);
	}
	let j = e.tzDate || ((e) => new Date($t(e / _))), te = e.fmtDate || nr, ne = _ == 1 ? wr(j) : Dr(j), re = kr(j, Or(_ == 1 ? Cr : Er, te)), ie = Pr(j, Mr(Nr, te)), ae = [], M = r.legend = Rn({}, Lr, e.legend), N = r.cursor = Rn({}, Kr, { drag: { y: i == 2 } }, e.cursor), P = M.show, F = N.show, I = M.markers;
	M.idxs = ae, I.width = K(I.width), I.dash = K(I.dash), I.stroke = K(I.stroke), I.fill = K(I.fill);
	let L, oe, R, se = [], z = [], ce, le = !1, ue = {};
	if (M.live) {
		let e = v[1] ? v[1].values : null;
		le = e != null, ce = le ? e(r, 1, 0) : { _: 0 };
		for (let e in ce) ue[e] = ut;
	}
	if (P) {
		if (L = yt("table", ze, l), R = yt("tbody", null, L), M.mount(r, L), le) {
			oe = yt("thead", null, L, R);
			let e = yt("tr", null, oe);
			for (var de in yt("th", null, e), ce) yt("th", We, e).textContent = de;
		} else _t(L, Ve), M.live && _t(L, Be);
	}
	let fe = { show: !0 }, pe = { show: !1 };
	function me(e, t) {
		if (t == 0 && (le || !M.live || i == 2)) return On;
		let n = [], a = yt("tr", He, R, R.childNodes[t]);
		_t(a, e.class), e.show || _t(a, Pe);
		let o = yt("th", null, a);
		if (I.show) {
			let e = bt(Ue, o);
			if (t > 0) {
				let n = I.width(r, t);
				n && (e.style.border = n + "px " + I.dash(r, t) + " " + I.stroke(r, t)), e.style.background = I.fill(r, t);
			}
		}
		let s = bt(We, o);
		for (var c in e.label instanceof HTMLElement ? s.appendChild(e.label) : s.textContent = e.label, t > 0 && (I.show || (s.style.color = e.width > 0 ? I.stroke(r, t) : I.fill(r, t)), ge("click", o, (t) => {
			if (N._lock) return;
			Ft(t);
			let n = v.indexOf(e);
			if ((t.ctrlKey || t.metaKey) != M.isolate) {
				let e = v.some((e, t) => t > 0 && t != n && e.show);
				v.forEach((t, r) => {
					r > 0 && Di(r, e ? r == n ? fe : pe : fe, !0, $.setSeries);
				});
			} else Di(n, { show: !e.show }, !0, $.setSeries);
		}, !1), Ut && ge(rt, o, (t) => {
			N._lock || (Ft(t), Di(v.indexOf(e), Li, !0, $.setSeries));
		}, !1)), ce) {
			let e = yt("td", Ge, a);
			e.textContent = "--", n.push(e);
		}
		return [a, n];
	}
	let he = /* @__PURE__ */ new Map();
	function ge(e, t, n, i = !0) {
		let a = he.get(t) || {}, o = N.bind[e](r, t, n, i);
		o && (kt(e, t, a[e] = o), he.set(t, a));
	}
	function _e(e, t, n) {
		let r = he.get(t) || {};
		for (let n in r) (e == null || n == e) && (At(n, t, r[n]), delete r[n]);
		e ?? he.delete(t);
	}
	let ve = 0, ye = 0, B = 0, V = 0, be = 0, xe = 0, Se = be, Ce = xe, we = B, Te = V, Qe = 0, ot = 0, st = 0, ct = 0;
	r.bbox = {};
	let dt = !1, mt = !1, ht = !1, gt = !1, xt = !1, Ct = !1;
	function Tt(e, t, n) {
		(n || e != r.width || t != r.height) && Dt(e, t), br(!1), ht = !0, mt = !0, Ir();
	}
	function Dt(e, t) {
		r.width = ve = B = e, r.height = ye = V = t, be = xe = 0, Nt(), Pt();
		let n = r.bbox;
		Qe = n.left = xn(be * H, .5), ot = n.top = xn(xe * H, .5), st = n.width = xn(B * H, .5), ct = n.height = xn(V * H, .5);
	}
	function Ot() {
		let e = !1, t = 0;
		for (; !e;) {
			t++;
			let n = _r(t), i = vr(t);
			e = t == 3 || n && i, e || (Dt(r.width, r.height), mt = !0);
		}
	}
	function Mt({ width: e, height: t }) {
		Tt(e, t);
	}
	r.setSize = Mt;
	function Nt() {
		let e = !1, t = !1, n = !1, r = !1;
		y.forEach((i, a) => {
			if (i.show && i._show) {
				let { side: a, _size: o } = i, s = a % 2, c = o + (i.label == null ? 0 : i.labelSize);
				c > 0 && (s ? (B -= c, a == 3 ? (be += c, r = !0) : n = !0) : (V -= c, a == 0 ? (xe += c, e = !0) : t = !0));
			}
		}), pn[0] = e, pn[1] = n, pn[2] = t, pn[3] = r, B -= Sn[1] + Sn[3], be += Sn[3], V -= Sn[2] + Sn[0], xe += Sn[0];
	}
	function Pt() {
		let e = be + B, t = xe + V, n = be, r = xe;
		function i(i, a) {
			switch (i) {
				case 1: return e += a, e - a;
				case 2: return t += a, t - a;
				case 3: return n -= a, n + a;
				case 0: return r -= a, r + a;
			}
		}
		y.forEach((e, t) => {
			if (e.show && e._show) {
				let t = e.side;
				e._pos = i(t, e._size), e.label != null && (e._lpos = i(t, e.labelSize));
			}
		});
	}
	if (N.dataIdx == null) {
		let e = N.hover, n = e.skip = new Set(e.skip ?? []);
		n.add(void 0);
		let r = e.prox = K(e.prox), i = e.bias ??= 0;
		N.dataIdx = (e, a, o, s) => {
			if (a == 0) return o;
			let c = o, l = r(e, a, o, s) ?? G, u = l >= 0 && l < G, d = D.ori == 0 ? B : V, f = N.left, p = t[0], m = t[a];
			if (n.has(m[o])) {
				c = null;
				let e = null, t = null, r;
				if (i == 0 || i == -1) for (r = o; e == null && r-- > 0;) n.has(m[r]) || (e = r);
				if (i == 0 || i == 1) for (r = o; t == null && r++ < m.length;) n.has(m[r]) || (t = r);
				if (e != null || t != null) {
					if (u) {
						let n = e == null ? -Infinity : k(p[e], D, d, 0), r = t == null ? Infinity : k(p[t], D, d, 0), i = f - n, a = r - f;
						i <= a ? i <= l && (c = e) : a <= l && (c = t);
					} else c = t == null ? e : e == null ? t : o - e <= t - o ? e : t;
				}
			} else u && Zt(f - k(p[o], D, d, 0)) > l && (c = null);
			return c;
		};
	}
	let Ft = (e) => {
		N.event = e;
	};
	N.idxs = ae, N._lock = !1;
	let It = N.points;
	It.show = K(It.show), It.size = K(It.size), It.stroke = K(It.stroke), It.width = K(It.width), It.fill = K(It.fill);
	let Ht = r.focus = Rn({}, e.focus || { alpha: .3 }, N.focus), Ut = Ht.prox >= 0, Kt = Ut && It.one, qt = [], Jt = [], Yt = [];
	function Qt(e, t) {
		let n = It.show(r, t);
		if (n instanceof HTMLElement) return _t(n, Re), _t(n, e.class), St(n, -10, -10, B, V), m.insertBefore(n, qt[t]), n;
	}
	function an(e, t) {
		if (i == 1 || t > 0) {
			let t = i == 1 && b[e.scale].time, n = e.value;
			e.value = t ? Mn(n) ? Pr(j, Mr(n, te)) : n || ie : n || fi, e.label = e.label || (t ? ei : $r);
		}
		if (Kt || t > 0) {
			e.width = e.width == null ? 1 : e.width, e.paths = e.paths || aa || gn, e.fillTo = K(e.fillTo || ki), e.pxAlign = +W(e.pxAlign, h), e.pxRound = Pi(e.pxAlign), e.stroke = K(e.stroke || null), e.fill = K(e.fill || null), e._stroke = e._fill = e._paths = e._focus = null;
			let t = mi(nn(1, e.width), 1), n = e.points = Rn({}, {
				size: t,
				width: nn(1, t * .2),
				stroke: e.stroke,
				space: t * 2,
				paths: oa,
				_stroke: null,
				_fill: null
			}, e.points);
			n.show = K(n.show), n.filter = K(n.filter), n.fill = K(n.fill), n.stroke = K(n.stroke), n.paths = K(n.paths), n.pxAlign = e.pxAlign;
		}
		if (P) {
			let n = me(e, t);
			se.splice(t, 0, n[0]), z.splice(t, 0, n[1]), M.values.push(null);
		}
		if (F) {
			ae.splice(t, 0, null);
			let n = null;
			Kt ? t == 0 && (n = Qt(e, t)) : t > 0 && (n = Qt(e, t)), qt.splice(t, 0, n), Jt.splice(t, 0, 0), Yt.splice(t, 0, 0);
		}
		Oa("addSeries", t);
	}
	function sn(e, t) {
		t ??= v.length, e = i == 1 ? la(e, t, ti, yi) : la(e, t, {}, vi), v.splice(t, 0, e), an(v[t], t);
	}
	r.addSeries = sn;
	function un(e) {
		if (v.splice(e, 1), P) {
			M.values.splice(e, 1), z.splice(e, 1);
			let t = se.splice(e, 1)[0];
			_e(null, t.firstChild), t.remove();
		}
		F && (ae.splice(e, 1), qt.splice(e, 1)[0].remove(), Jt.splice(e, 1), Yt.splice(e, 1)), Oa("delSeries", e);
	}
	r.delSeries = un;
	let pn = [
		!1,
		!1,
		!1,
		!1
	];
	function mn(e, t) {
		if (e._show = e.show, e.show) {
			let n = e.side % 2, i = b[e.scale];
			i ??= (e.scale = n ? v[1].scale : S, b[e.scale]);
			let a = i.time;
			e.size = K(e.size), e.space = K(e.space), e.rotate = K(e.rotate), kn(e.incrs) && e.incrs.forEach((e) => {
				!wn.has(e) && wn.set(e, Tn(e));
			}), e.incrs = K(e.incrs || (i.distr == 2 ? lr : a ? _ == 1 ? Sr : Tr : ur)), e.splits = K(e.splits || (a && i.distr == 1 ? ne : i.distr == 3 ? ii : i.distr == 4 ? ai : ri)), e.stroke = K(e.stroke), e.grid.stroke = K(e.grid.stroke), e.ticks.stroke = K(e.ticks.stroke), e.border.stroke = K(e.border.stroke);
			let o = e.values;
			e.values = kn(o) && !kn(o[0]) ? K(o) : a ? kn(o) ? kr(j, Or(o, te)) : Mn(o) ? Ar(j, o) : o || re : o || ni, e.filter = K(e.filter || (i.distr >= 3 && i.log == 10 ? ui : i.distr == 3 && i.log == 2 ? di : hn)), e.font = va(e.font), e.labelFont = va(e.labelFont), e._size = e.size(r, null, t, 0), e._space = e._rotate = e._incrs = e._found = e._splits = e._values = null, e._size > 0 && (pn[t] = !0, e._el = bt(Ne, f));
		}
	}
	function yn(e, t, n, r) {
		let [i, a, o, s] = n, c = t % 2, l = 0;
		return c == 0 && (s || a) && (l = t == 0 && !i || t == 2 && !o ? $t(Qr.size / 3) : 0), c == 1 && (i || o) && (l = t == 1 && !a || t == 3 && !s ? $t(pi.size / 2) : 0), l;
	}
	let bn = r.padding = (e.padding || [
		yn,
		yn,
		yn,
		yn
	]).map((e) => K(W(e, yn))), Sn = r._padding = bn.map((e, t) => e(r, t, pn, 0)), Cn, J = null, An = null, Fn = i == 1 ? v[0].idxs : null, In = null, zn = !1;
	function Bn(e, n) {
		if (t = e ?? [], r.data = r._data = t, i == 2) {
			Cn = 0;
			for (let e = 1; e < v.length; e++) Cn += t[e][0].length;
		} else {
			t.length == 0 && (r.data = r._data = t = [[]]), In = t[0], Cn = In.length;
			let e = t;
			if (O == 2) {
				e = t.slice();
				let n = e[0] = Array(Cn);
				for (let e = 0; e < Cn; e++) n[e] = e;
			}
			r._data = t = e;
		}
		if (br(!0), Oa("setData"), O == 2 && (ht = !0), n !== !1) {
			let e = D;
			e.auto(r, zn) ? Vn() : Ci(S, e.min, e.max), gt ||= N.left >= 0, Ct = !0, Ir();
		}
	}
	r.setData = Bn;
	function Vn() {
		zn = !0;
		let e, n;
		i == 1 && (Cn > 0 ? (J = Fn[0] = 0, An = Fn[1] = Cn - 1, e = t[0][J], n = t[0][An], O == 2 ? (e = J, n = An) : e == n && (O == 3 ? [e, n] = Rt(e, e, D.log, !1) : O == 4 ? [e, n] = zt(e, e, D.log, !1) : D.time ? n = e + $t(86400 / _) : [e, n] = Wt(e, n, Bt, !0))) : (J = Fn[0] = e = null, An = Fn[1] = n = null)), Ci(S, e, n);
	}
	let Hn, Un, Gn, Kn, qn, Jn, Yn, Xn, Zn, Qn;
	function $n(e, t, n, r, i, a) {
		e ??= $e, n ??= Dn, r ??= "butt", i ??= $e, a ??= "round", e != Hn && (d.strokeStyle = Hn = e), i != Un && (d.fillStyle = Un = i), t != Gn && (d.lineWidth = Gn = t), a != qn && (d.lineJoin = qn = a), r != Jn && (d.lineCap = Jn = r), n != Kn && d.setLineDash(Kn = n);
	}
	function er(e, t, n, r) {
		t != Un && (d.fillStyle = Un = t), e != Yn && (d.font = Yn = e), n != Xn && (d.textAlign = Xn = n), r != Zn && (d.textBaseline = Zn = r);
	}
	function tr(e, t, n, i, a = 0) {
		if (i.length > 0 && e.auto(r, zn) && (t == null || t.min == null)) {
			let t = W(J, 0), r = W(An, i.length - 1), o = n.min == null ? Lt(i, t, r, a, e.distr == 3) : [n.min, n.max];
			e.min = tn(e.min, n.min = o[0]), e.max = nn(e.max, n.max = o[1]);
		}
	}
	let rr = {
		min: null,
		max: null
	};
	function ir() {
		for (let e in b) {
			let t = b[e];
			A[e] == null && (t.min == null || A[S] != null && t.auto(r, zn)) && (A[e] = rr);
		}
		for (let e in b) {
			let t = b[e];
			A[e] == null && t.from != null && A[t.from] != null && (A[e] = rr);
		}
		A[S] != null && br(!0);
		let e = {};
		for (let t in A) {
			let n = A[t];
			if (n != null) {
				let a = e[t] = Ln(b[t], Pn);
				if (n.min != null) Rn(a, n);
				else if (t != S || i == 2) {
					if (Cn == 0 && a.from == null) {
						let e = a.range(r, null, null, t);
						a.min = e[0], a.max = e[1];
					} else a.min = G, a.max = -Infinity;
				}
			}
		}
		if (Cn > 0) {
			v.forEach((n, a) => {
				if (i == 1) {
					let i = n.scale, o = A[i];
					if (o == null) return;
					let s = e[i];
					if (a == 0) {
						let e = s.range(r, s.min, s.max, i);
						s.min = e[0], s.max = e[1], J = jt(s.min, t[0]), An = jt(s.max, t[0]), An - J > 1 && (t[0][J] < s.min && J++, t[0][An] > s.max && An--), n.min = In[J], n.max = In[An];
					} else n.show && n.auto && tr(s, o, n, t[a], n.sorted);
					n.idxs[0] = J, n.idxs[1] = An;
				} else if (a > 0 && n.show && n.auto) {
					let [r, i] = n.facets, o = r.scale, s = i.scale, [c, l] = t[a], u = e[o], d = e[s];
					u != null && tr(u, A[o], r, c, r.sorted), d != null && tr(d, A[s], i, l, i.sorted), n.min = i.min, n.max = i.max;
				}
			});
			for (let t in e) {
				let n = e[t], i = A[t];
				if (n.from == null && (i == null || i.min == null)) {
					let e = n.range(r, n.min == G ? null : n.min, n.max == -Infinity ? null : n.max, t);
					n.min = e[0], n.max = e[1];
				}
			}
		}
		for (let t in e) {
			let n = e[t];
			if (n.from != null) {
				let i = e[n.from];
				if (i.min == null) n.min = n.max = null;
				else {
					let e = n.range(r, i.min, i.max, t);
					n.min = e[0], n.max = e[1];
				}
			}
		}
		let n = {}, a = !1;
		for (let t in e) {
			let r = e[t], i = b[t];
			if (i.min != r.min || i.max != r.max) {
				i.min = r.min, i.max = r.max;
				let e = i.distr;
				i._min = e == 3 ? on(i.min) : e == 4 ? ln(i.min, i.asinh) : e == 100 ? i.fwd(i.min) : i.min, i._max = e == 3 ? on(i.max) : e == 4 ? ln(i.max, i.asinh) : e == 100 ? i.fwd(i.max) : i.max, n[t] = a = !0;
			}
		}
		if (a) {
			v.forEach((e, t) => {
				i == 2 ? t > 0 && n.y && (e._paths = null) : n[e.scale] && (e._paths = null);
			});
			for (let e in n) ht = !0, Oa("setScale", e);
			F && N.left >= 0 && (gt = Ct = !0);
		}
		for (let e in A) A[e] = null;
	}
	function ar(e) {
		let t = dn(J - 1, 0, Cn - 1), n = dn(An + 1, 0, Cn - 1);
		for (; e[t] == null && t > 0;) t--;
		for (; e[n] == null && n < Cn - 1;) n++;
		return [t, n];
	}
	function or() {
		if (Cn > 0) {
			let e = v.some((e) => e._focus) && Qn != Ht.alpha;
			e && (d.globalAlpha = Qn = Ht.alpha), v.forEach((e, n) => {
				if (n > 0 && e.show && (sr(n, !1), sr(n, !0), e._paths == null)) {
					let a = Qn;
					Qn != e.alpha && (d.globalAlpha = Qn = e.alpha);
					let o = i == 2 ? [0, t[n][0].length - 1] : ar(t[n]);
					e._paths = e.paths(r, n, o[0], o[1]), Qn != a && (d.globalAlpha = Qn = a);
				}
			}), v.forEach((e, t) => {
				if (t > 0 && e.show) {
					let n = Qn;
					Qn != e.alpha && (d.globalAlpha = Qn = e.alpha), e._paths != null && cr(t, !1);
					{
						let n = e._paths == null ? null : e._paths.gaps, i = e.points.show(r, t, J, An, n), a = e.points.filter(r, t, i, n);
						(i || a) && (e.points._paths = e.points.paths(r, t, J, An, a), cr(t, !0));
					}
					Qn != n && (d.globalAlpha = Qn = n), Oa("drawSeries", t);
				}
			}), e && (d.globalAlpha = Qn = 1);
		}
	}
	function sr(e, t) {
		let n = t ? v[e].points : v[e];
		n._stroke = n.stroke(r, e), n._fill = n.fill(r, e);
	}
	function cr(e, t) {
		let n = t ? v[e].points : v[e], { stroke: r, fill: i, clip: a, flags: o, _stroke: s = n._stroke, _fill: c = n._fill, _width: l = n.width } = n._paths;
		l = q(l * H, 3);
		let u = null, f = l % 2 / 2;
		t && c == null && (c = l > 0 ? "#fff" : s);
		let p = n.pxAlign == 1 && f > 0;
		if (p && d.translate(f, f), !t) {
			let e = Qe - l / 2, t = ot - l / 2, n = st + l, r = ct + l;
			u = new Path2D(), u.rect(e, t, n, r);
		}
		t ? fr(s, l, n.dash, n.cap, c, r, i, o, a) : dr(e, s, l, n.dash, n.cap, c, r, i, o, u, a), p && d.translate(-f, -f);
	}
	function dr(e, n, i, a, o, s, c, l, u, d, f) {
		let p = !1;
		u != 0 && x.forEach((m, h) => {
			if (m.series[0] == e) {
				let e = v[m.series[1]], g = t[m.series[1]], _ = (e._paths || En).band;
				kn(_) && (_ = m.dir == 1 ? _[0] : _[1]);
				let y, b = null;
				e.show && _ && Gt(g, J, An) ? (b = m.fill(r, h) || s, y = e._paths.clip) : _ = null, fr(n, i, a, o, b, c, l, u, d, f, y, _), p = !0;
			}
		}), p || fr(n, i, a, o, s, c, l, u, d, f);
	}
	function fr(e, t, n, r, i, a, o, s, c, l, u, f) {
		$n(e, t, n, r, i), (c || l || f) && (d.save(), c && d.clip(c), l && d.clip(l)), f ? (s & 3) == 3 ? (d.clip(f), u && d.clip(u), mr(i, o), pr(e, a, t)) : s & Ei ? (mr(i, o), d.clip(f), pr(e, a, t)) : s & Ti && (d.save(), d.clip(f), u && d.clip(u), mr(i, o), d.restore(), pr(e, a, t)) : (mr(i, o), pr(e, a, t)), (c || l || f) && d.restore();
	}
	function pr(e, t, n) {
		n > 0 && (t instanceof Map ? t.forEach((e, t) => {
			d.strokeStyle = Hn = t, d.stroke(e);
		}) : t != null && e && d.stroke(t));
	}
	function mr(e, t) {
		t instanceof Map ? t.forEach((e, t) => {
			d.fillStyle = Un = t, d.fill(e);
		}) : t != null && e && d.fill(t);
	}
	function hr(e, t, n, i) {
		let a = y[e], o;
		if (i <= 0) o = [0, 0];
		else {
			let s = a._space = a.space(r, e, t, n, i);
			o = _a(t, n, a._incrs = a.incrs(r, e, t, n, i, s), i, s);
		}
		return a._found = o;
	}
	function gr(e, t, n, r, i, a, o, s, c, l) {
		let u = o % 2 / 2;
		h == 1 && d.translate(u, u), $n(s, o, c, l, s), d.beginPath();
		let f, p, m, g, _ = i + (r == 0 || r == 3 ? -a : a);
		n == 0 ? (p = i, g = _) : (f = i, m = _);
		for (let r = 0; r < e.length; r++) t[r] != null && (n == 0 ? f = m = e[r] : p = g = e[r], d.moveTo(f, p), d.lineTo(m, g));
		d.stroke(), h == 1 && d.translate(-u, -u);
	}
	function _r(e) {
		let t = !0;
		return y.forEach((n, i) => {
			if (!n.show) return;
			let a = b[n.scale];
			if (a.min == null) {
				n._show && (t = !1, n._show = !1, br(!1));
				return;
			}
			n._show || (t = !1, n._show = !0, br(!1));
			let o = n.side, s = o % 2, { min: c, max: l } = a, [u, d] = hr(i, c, l, s == 0 ? B : V);
			if (d == 0) return;
			let f = a.distr == 2, p = n._splits = n.splits(r, i, c, l, u, d, f), m = a.distr == 2 ? p.map((e) => In[e]) : p, h = a.distr == 2 ? In[p[1]] - In[p[0]] : u, g = n._values = n.values(r, n.filter(r, m, i, d, h), i, d, h);
			n._rotate = o == 2 ? n.rotate(r, g, i, d) : 0;
			let _ = n._size;
			n._size = en(n.size(r, g, i, e)), _ != null && n._size != _ && (t = !1);
		}), t;
	}
	function vr(e) {
		let t = !0;
		return bn.forEach((n, i) => {
			let a = n(r, i, pn, e);
			a != Sn[i] && (t = !1), Sn[i] = a;
		}), t;
	}
	function yr() {
		for (let e = 0; e < y.length; e++) {
			let t = y[e];
			if (!t.show || !t._show) continue;
			let n = t.side, i = n % 2, a, o, c = t.stroke(r, e), l = n == 0 || n == 3 ? -1 : 1, [u, f] = t._found;
			if (t.label != null) {
				let s = t.labelGap * l, p = $t((t._lpos + s) * H);
				er(t.labelFont[0], c, "center", n == 2 ? Je : Ye), d.save(), i == 1 ? (a = o = 0, d.translate(p, $t(ot + ct / 2)), d.rotate((n == 3 ? -Xt : Xt) / 2)) : (a = $t(Qe + st / 2), o = p);
				let m = fn(t.label) ? t.label(r, e, u, f) : t.label;
				d.fillText(m, a, o), d.restore();
			}
			if (f == 0) continue;
			let p = b[t.scale], m = i == 0 ? st : ct, h = i == 0 ? Qe : ot, _ = t._splits, v = p.distr == 2 ? _.map((e) => In[e]) : _, x = p.distr == 2 ? In[_[1]] - In[_[0]] : u, S = t.ticks, C = t.border, w = S.show ? S.size : 0, T = $t(w * H), E = $t((t.alignTo == 2 ? t._size - w - t.gap : t.gap) * H), D = t._rotate * -Xt / 180, O = g(t._pos * H), k = O + (T + E) * l;
			o = i == 0 ? k : 0, a = i == 1 ? k : 0;
			let ee = t.font[0];
			er(ee, c, t.align == 1 ? Xe : t.align == 2 ? Ze : D > 0 ? Xe : D < 0 ? Ze : i == 0 ? "center" : n == 3 ? Ze : Xe, D || i == 1 ? "middle" : n == 2 ? Je : Ye);
			let A = t.font[1] * t.lineGap, j = _.map((e) => g(s(e, p, m, h))), te = t._values;
			for (let e = 0; e < te.length; e++) {
				let t = te[e];
				if (t != null) {
					i == 0 ? a = j[e] : o = j[e], t = "" + t;
					let n = t.indexOf("\n") == -1 ? [t] : t.split(/\n/gm);
					for (let e = 0; e < n.length; e++) {
						let t = n[e];
						D ? (d.save(), d.translate(a, o + e * A), d.rotate(D), d.fillText(t, 0, 0), d.restore()) : d.fillText(t, a, o + e * A);
					}
				}
			}
			S.show && gr(j, S.filter(r, v, e, f, x), i, n, O, T, q(S.width * H, 3), S.stroke(r, e), S.dash, S.cap);
			let ne = t.grid;
			ne.show && gr(j, ne.filter(r, v, e, f, x), i, i == 0 ? 2 : 1, i == 0 ? ot : Qe, i == 0 ? ct : st, q(ne.width * H, 3), ne.stroke(r, e), ne.dash, ne.cap), C.show && gr([O], [1], +(i == 0), i == 0 ? 1 : 2, i == 1 ? ot : Qe, i == 1 ? ct : st, q(C.width * H, 3), C.stroke(r, e), C.dash, C.cap);
		}
		Oa("drawAxes");
	}
	function br(e) {
		v.forEach((t, n) => {
			n > 0 && (t._paths = null, e && (i == 1 ? (t.min = null, t.max = null) : t.facets.forEach((e) => {
				e.min = null, e.max = null;
			})));
		});
	}
	let Y = !1, xr = !1, jr = [];
	function Fr() {
		xr = !1;
		for (let e = 0; e < jr.length; e++) Oa(...jr[e]);
		jr.length = 0;
	}
	function Ir() {
		Y ||= (Wn(zr), !0);
	}
	function Rr(e, t = !1) {
		Y = !0, xr = t, e(r), zr(), t && jr.length > 0 && queueMicrotask(Fr);
	}
	r.batch = Rr;
	function zr() {
		if (dt &&= (ir(), !1), ht &&= (Ot(), !1), mt) {
			if (U(p, Xe, be), U(p, Je, xe), U(p, Ke, B), U(p, qe, V), U(m, Xe, be), U(m, Je, xe), U(m, Ke, B), U(m, qe, V), U(f, Ke, ve), U(f, qe, ye), u.width = $t(ve * H), u.height = $t(ye * H), y.forEach(({ _el: e, _show: t, _size: n, _pos: r, side: i }) => {
				if (e != null) {
					if (t) {
						let t = i === 3 || i === 0 ? n : 0, a = i % 2 == 1;
						U(e, a ? "left" : "top", r - t), U(e, a ? "width" : "height", n), U(e, a ? "top" : "left", a ? xe : be), U(e, a ? "height" : "width", a ? V : B), vt(e, Pe);
					} else _t(e, Pe);
				}
			}), Hn = Un = Gn = qn = Jn = Yn = Xn = Zn = Kn = null, Qn = 1, Xi(!0), be != Se || xe != Ce || B != we || V != Te) {
				br(!1);
				let e = B / we, t = V / Te;
				if (F && !gt && N.left >= 0) {
					N.left *= e, N.top *= t, Ur && St(Ur, $t(N.left), 0, B, V), Wr && St(Wr, 0, $t(N.top), B, V);
					for (let n = 0; n < qt.length; n++) {
						let r = qt[n];
						r != null && (Jt[n] *= e, Yt[n] *= t, St(r, en(Jt[n]), en(Yt[n]), B, V));
					}
				}
				if (Q.show && !xt && Q.left >= 0 && Q.width > 0) {
					Q.left *= e, Q.width *= e, Q.top *= t, Q.height *= t;
					for (let e in $i) U(hi, e, Q[e]);
				}
				Se = be, Ce = xe, we = B, Te = V;
			}
			Oa("setSize"), mt = !1;
		}
		ve > 0 && ye > 0 && (d.clearRect(0, 0, u.width, u.height), Oa("drawClear"), w.forEach((e) => e()), Oa("draw")), Q.show && xt && (gi(Q), xt = !1), F && gt && (Ji(null, !0, !1), gt = !1), M.show && M.live && Ct && (Ki(), Ct = !1), c || (c = !0, r.status = 1, Oa("ready")), zn = !1, Y = !1;
	}
	r.redraw = (e, t) => {
		ht = t || !1, e === !1 ? Ir() : Ci(S, D.min, D.max);
	};
	function Br(e, n) {
		let i = b[e];
		if (i.from == null) {
			if (Cn == 0) {
				let t = i.range(r, n.min, n.max, e);
				n.min = t[0], n.max = t[1];
			}
			if (n.min > n.max) {
				let e = n.min;
				n.min = n.max, n.max = e;
			}
			if (Cn > 1 && n.min != null && n.max != null && n.max - n.min < 1e-16) return;
			e == S && i.distr == 2 && Cn > 0 && (n.min = jt(n.min, t[0]), n.max = jt(n.max, t[0]), n.min == n.max && n.max++), A[e] = n, dt = !0, Ir();
		}
	}
	r.setScale = Br;
	let Vr, Hr, Ur, Wr, Gr, qr, Jr, Yr, Xr, Zr, X, Z, oi = !1, si = N.drag, ci = si.x, li = si.y;
	F && (N.x && (Vr = bt(Ie, m)), N.y && (Hr = bt(Le, m)), D.ori == 0 ? (Ur = Vr, Wr = Hr) : (Ur = Hr, Wr = Vr), X = N.left, Z = N.top);
	let Q = r.select = Rn({
		show: !0,
		over: !0,
		left: 0,
		width: 0,
		top: 0,
		height: 0
	}, e.select), hi = Q.show ? bt(Fe, Q.over ? m : p) : null;
	function gi(e, t) {
		if (Q.show) {
			for (let t in e) Q[t] = e[t], t in $i && U(hi, t, e[t]);
			t !== !1 && Oa("setSelect");
		}
	}
	r.setSelect = gi;
	function _i(e) {
		if (v[e].show) P && vt(se[e], Pe);
		else if (P && _t(se[e], Pe), F) {
			let t = Kt ? qt[0] : qt[e];
			t != null && St(t, -10, -10, B, V);
		}
	}
	function Ci(e, t, n) {
		Br(e, {
			min: t,
			max: n
		});
	}
	function Di(e, t, n, a) {
		t.focus != null && Ri(e), t.show != null && v.forEach((n, r) => {
			r > 0 && (e == r || e == null) && (n.show = t.show, _i(r), i == 2 ? (Ci(n.facets[0].scale, null, null), Ci(n.facets[1].scale, null, null)) : Ci(n.scale, null, null), Ir());
		}), n !== !1 && Oa("setSeries", e, t), a && Ma("setSeries", r, e, t);
	}
	r.setSeries = Di;
	function Oi(e, t) {
		Rn(x[e], t);
	}
	function Ai(e, t) {
		e.fill = K(e.fill || null), e.dir = W(e.dir, -1), t ??= x.length, x.splice(t, 0, e);
	}
	function ji(e) {
		e == null ? x.length = 0 : x.splice(e, 1);
	}
	r.addBand = Ai, r.setBand = Oi, r.delBand = ji;
	function Mi(e, t) {
		v[e].alpha = t, F && qt[e] != null && (qt[e].style.opacity = t), P && se[e] && (se[e].style.opacity = t);
	}
	let Ni, Fi, Ii, Li = { focus: !0 };
	function Ri(e) {
		if (e != Ii) {
			let t = e == null, n = Ht.alpha != 1;
			v.forEach((r, a) => {
				if (i == 1 || a > 0) {
					let i = t || a == 0 || a == e;
					r._focus = t ? null : i, n && Mi(a, i ? 1 : Ht.alpha);
				}
			}), Ii = e, n && Ir();
		}
	}
	P && Ut && ge(it, L, (e) => {
		N._lock || (Ft(e), Ii != null && Di(null, Li, !0, $.setSeries));
	});
	function zi(e, t, n) {
		let r = b[t];
		n && (e = e / H - (r.ori == 1 ? xe : be));
		let i = B;
		r.ori == 1 && (i = V, e = i - e), r.dir == -1 && (e = i - e);
		let a = r._min, o = r._max, s = e / i, c = a + (o - a) * s, l = r.distr;
		return l == 3 ? rn(10, c) : l == 4 ? cn(c, r.asinh) : l == 100 ? r.bwd(c) : c;
	}
	function Bi(e, n) {
		return jt(zi(e, S, n), t[0], J, An);
	}
	r.valToIdx = (e) => jt(e, t[0]), r.posToIdx = Bi, r.posToVal = zi, r.valToPos = (e, t, n) => b[t].ori == 0 ? a(e, b[t], n ? st : B, n ? Qe : 0) : o(e, b[t], n ? ct : V, n ? ot : 0), r.setCursor = (e, t, n) => {
		X = e.left, Z = e.top, Ji(null, t, n);
	};
	function Vi(e, t) {
		U(hi, Xe, Q.left = e), U(hi, Ke, Q.width = t);
	}
	function Hi(e, t) {
		U(hi, Je, Q.top = e), U(hi, qe, Q.height = t);
	}
	let Ui = D.ori == 0 ? Vi : Hi, Wi = D.ori == 1 ? Vi : Hi;
	function Gi() {
		if (P && M.live) for (let e = +(i == 2); e < v.length; e++) {
			if (e == 0 && le) continue;
			let t = M.values[e], n = 0;
			for (let r in t) z[e][n++].firstChild.nodeValue = t[r];
		}
	}
	function Ki(e, t) {
		if (e != null && (e.idxs ? e.idxs.forEach((e, t) => {
			ae[t] = e;
		}) : jn(e.idx) || ae.fill(e.idx), M.idx = ae[0]), P && M.live) {
			for (let e = 0; e < v.length; e++) (e > 0 || i == 1 && !le) && qi(e, ae[e]);
			Gi();
		}
		Ct = !1, t !== !1 && Oa("setLegend");
	}
	r.setLegend = Ki;
	function qi(e, n) {
		let i = v[e], a = e == 0 && O == 2 ? In : t[e], o;
		le ? o = i.values(r, e, n) ?? ue : (o = i.value(r, n == null ? null : a[n], e, n), o = o == null ? ue : { _: o }), M.values[e] = o;
	}
	function Ji(e, n, a) {
		Xr = X, Zr = Z, [X, Z] = N.move(r, X, Z), N.left = X, N.top = Z, F && (Ur && St(Ur, $t(X), 0, B, V), Wr && St(Wr, 0, $t(Z), B, V));
		let o, s = J > An;
		Ni = G, Fi = null;
		let c = D.ori == 0 ? B : V, l = D.ori == 1 ? B : V;
		if (X < 0 || Cn == 0 || s) {
			o = N.idx = null;
			for (let e = 0; e < v.length; e++) {
				let t = qt[e];
				t != null && St(t, -10, -10, B, V);
			}
			Ut && Di(null, Li, !0, e == null && $.setSeries), M.live && (ae.fill(o), Ct = !0);
		} else {
			let e, n, a;
			i == 1 && (e = D.ori == 0 ? X : Z, n = zi(e, S), o = N.idx = jt(n, t[0], J, An), a = k(t[0][o], D, c, 0));
			let s = -10, u = -10, d = 0, f = 0, p = !0, m = "", h = "";
			for (let e = +(i == 2); e < v.length; e++) {
				let g = v[e], _ = ae[e], y = _ == null ? null : i == 1 ? t[e][_] : t[e][1][_], x = N.dataIdx(r, e, o, n), S = x == null ? null : i == 1 ? t[e][x] : t[e][1][x];
				if (Ct = Ct || S != y || x != _, ae[e] = x, e > 0 && g.show) {
					let n = x == null ? -10 : x == o ? a : k(i == 1 ? t[0][x] : t[e][0][x], D, c, 0), _ = S == null ? -10 : ee(S, i == 1 ? b[g.scale] : b[g.facets[1].scale], l, 0);
					if (Ut && S != null) {
						let t = D.ori == 1 ? X : Z, n = Zt(Ht.dist(r, e, x, _, t));
						if (n < Ni) {
							let r = Ht.bias;
							if (r != 0) {
								let i = zi(t, g.scale), a = S >= 0 ? 1 : -1, o = i >= 0 ? 1 : -1;
								o == a && (o == 1 ? r == 1 ? S >= i : S <= i : r == 1 ? S <= i : S >= i) && (Ni = n, Fi = e);
							} else Ni = n, Fi = e;
						}
					}
					if (Ct || Kt) {
						let t, i;
						D.ori == 0 ? (t = n, i = _) : (t = _, i = n);
						let a, o, c, l, g, v, y = !0, b = It.bbox;
						if (b != null) {
							y = !1;
							let t = b(r, e);
							c = t.left, l = t.top, a = t.width, o = t.height;
						} else c = t, l = i, a = o = It.size(r, e);
						if (v = It.fill(r, e), g = It.stroke(r, e), Kt) e == Fi && Ni <= Ht.prox && (s = c, u = l, d = a, f = o, p = y, m = v, h = g);
						else {
							let t = qt[e];
							t != null && (Jt[e] = c, Yt[e] = l, Et(t, a, o, y), wt(t, v, g), St(t, en(c), en(l), B, V));
						}
					}
				}
			}
			if (Kt) {
				let e = Ht.prox;
				if (Ct || (Ii == null ? Ni <= e : Ni > e || Fi != Ii)) {
					let e = qt[0];
					e != null && (Jt[0] = s, Yt[0] = u, Et(e, d, f, p), wt(e, m, h), St(e, en(s), en(u), B, V));
				}
			}
		}
		if (Q.show && oi) {
			if (e != null) {
				let [t, n] = $.scales, [r, i] = $.match, [a, o] = e.cursor.sync.scales, s = e.cursor.drag;
				if (ci = s._x, li = s._y, ci || li) {
					let { left: s, top: u, width: d, height: f } = e.select, p = e.scales[a].ori, m = e.posToVal, h, g, _, v, y, x = t != null && r(t, a), S = n != null && i(n, o);
					x && ci ? (p == 0 ? (h = s, g = d) : (h = u, g = f), _ = b[t], v = k(m(h, a), _, c, 0), y = k(m(h + g, a), _, c, 0), Ui(tn(v, y), Zt(y - v))) : Ui(0, c), S && li ? (p == 1 ? (h = s, g = d) : (h = u, g = f), _ = b[n], v = ee(m(h, o), _, l, 0), y = ee(m(h + g, o), _, l, 0), Wi(tn(v, y), Zt(y - v))) : Wi(0, l);
				} else ea();
			} else {
				let e = Zt(Xr - Gr), t = Zt(Zr - qr);
				if (D.ori == 1) {
					let n = e;
					e = t, t = n;
				}
				ci = si.x && e >= si.dist, li = si.y && t >= si.dist;
				let n = si.uni;
				n == null ? si.x && si.y && (ci || li) && (ci = li = !0) : ci && li && (ci = e >= n, li = t >= n, !ci && !li && (t > e ? li = !0 : ci = !0));
				let r, i;
				ci && (D.ori == 0 ? (r = Jr, i = X) : (r = Yr, i = Z), Ui(tn(r, i), Zt(i - r)), li || Wi(0, l)), li && (D.ori == 1 ? (r = Jr, i = X) : (r = Yr, i = Z), Wi(tn(r, i), Zt(i - r)), ci || Ui(0, c)), !ci && !li && (Ui(0, 0), Wi(0, 0));
			}
		}
		if (si._x = ci, si._y = li, e == null) {
			if (a) {
				if (Aa != null) {
					let [e, t] = $.scales;
					$.values[0] = e == null ? null : zi(D.ori == 0 ? X : Z, e), $.values[1] = t == null ? null : zi(D.ori == 1 ? X : Z, t);
				}
				Ma(et, r, X, Z, B, V, o);
			}
			if (Ut) {
				let e = a && $.setSeries, t = Ht.prox;
				Ii == null ? Ni <= t && Di(Fi, Li, !0, e) : Ni > t ? Di(null, Li, !0, e) : Fi != Ii && Di(Fi, Li, !0, e);
			}
		}
		Ct && (M.idx = o, Ki()), n !== !1 && Oa("setCursor");
	}
	let Yi = null;
	Object.defineProperty(r, "rect", { get() {
		return Yi ?? Xi(!1), Yi;
	} });
	function Xi(e = !1) {
		e ? Yi = null : (Yi = m.getBoundingClientRect(), Oa("syncRect", Yi));
	}
	function Zi(e, t, n, r, i, a, o) {
		N._lock || oi && e != null && e.movementX == 0 && e.movementY == 0 || (Qi(e, t, n, r, i, a, o, !1, e != null), e == null ? Ji(t, !0, !1) : Ji(null, !0, !0));
	}
	function Qi(e, t, n, i, a, o, c, l, u) {
		if (Yi ?? Xi(!1), Ft(e), e != null) n = e.clientX - Yi.left, i = e.clientY - Yi.top;
		else {
			if (n < 0 || i < 0) {
				X = -10, Z = -10;
				return;
			}
			let [e, r] = $.scales, c = t.cursor.sync, [l, u] = c.values, [d, f] = c.scales, [p, m] = $.match, h = t.axes[0].side % 2 == 1, g = D.ori == 0 ? B : V, _ = D.ori == 1 ? B : V, v = h ? o : a, y = h ? a : o, x = h ? i : n, S = h ? n : i;
			if (n = d == null ? x / v * g : p(e, d) ? s(l, b[e], g, 0) : -10, i = f == null ? S / y * _ : m(r, f) ? s(u, b[r], _, 0) : -10, D.ori == 1) {
				let e = n;
				n = i, i = e;
			}
		}
		u && (t == null || t.cursor.event.type == et) && ((n <= 1 || n >= B - 1) && (n = xn(n, B)), (i <= 1 || i >= V - 1) && (i = xn(i, V))), l ? (Gr = n, qr = i, [Jr, Yr] = N.move(r, n, i)) : (X = n, Z = i);
	}
	let $i = {
		width: 0,
		height: 0,
		left: 0,
		top: 0
	};
	function ea() {
		gi($i, !1);
	}
	let ta, na, ia, ba;
	function xa(e, t, n, i, a, o, s) {
		oi = !0, ci = li = si._x = si._y = !1, Qi(e, t, n, i, a, o, s, !0, !1), e != null && (ge(nt, ft, Sa, !1), Ma(tt, r, Jr, Yr, B, V, null));
		let { left: c, top: l, width: u, height: d } = Q;
		ta = c, na = l, ia = u, ba = d;
	}
	function Sa(e, t, n, i, a, o, s) {
		oi = si._x = si._y = !1, Qi(e, t, n, i, a, o, s, !1, !0);
		let { left: c, top: l, width: u, height: d } = Q, f = u > 0 || d > 0, p = ta != c || na != l || ia != u || ba != d;
		if (f && p && gi(Q), si.setScale && f && p) {
			let e = c, t = u, n = l, r = d;
			if (D.ori == 1 && (e = l, t = d, n = c, r = u), ci && Ci(S, zi(e, S), zi(e + t, S)), li) for (let e in b) {
				let t = b[e];
				e != S && t.from == null && t.min != G && Ci(e, zi(n + r, e), zi(n, e));
			}
			ea();
		} else N.lock && (N._lock = !N._lock, Ji(t, !0, e != null));
		e != null && (_e(nt, ft), Ma(nt, r, X, Z, B, V, null));
	}
	function Ca(e, t, n, r, i, a, o) {
		if (N._lock) return;
		Ft(e);
		let s = oi;
		if (oi) {
			let e = !0, t = !0, n, r;
			D.ori == 0 ? (n = ci, r = li) : (n = li, r = ci), n && r && (e = X <= 10 || X >= B - 10, t = Z <= 10 || Z >= V - 10), n && e && (X = X < Jr ? 0 : B), r && t && (Z = Z < Yr ? 0 : V), Ji(null, !0, !0), oi = !1;
		}
		X = -10, Z = -10, ae.fill(null), Ji(null, !0, !0), s && (oi = s);
	}
	function wa(e, t, n, i, a, o, s) {
		N._lock || (Ft(e), Vn(), ea(), e != null && Ma(at, r, X, Z, B, V, null));
	}
	function Ta() {
		y.forEach(ya), Tt(r.width, r.height, !0);
	}
	kt(lt, pt, Ta);
	let Ea = {};
	Ea.mousedown = xa, Ea.mousemove = Zi, Ea.mouseup = Sa, Ea.dblclick = wa, Ea.setSeries = (e, t, n, i) => {
		let a = $.match[2];
		n = a(r, t, n), n != -1 && Di(n, i, !0, !1);
	}, F && (ge(tt, m, xa), ge(et, m, Zi), ge(rt, m, (e) => {
		Ft(e), Xi(!1);
	}), ge(it, m, Ca), ge(at, m, wa), ra.add(r), r.syncRect = Xi);
	let Da = r.hooks = e.hooks || {};
	function Oa(e, t, n) {
		xr ? jr.push([
			e,
			t,
			n
		]) : e in Da && Da[e].forEach((e) => {
			e.call(null, r, t, n);
		});
	}
	(e.plugins || []).forEach((e) => {
		for (let t in e.hooks) Da[t] = (Da[t] || []).concat(e.hooks[t]);
	});
	let ka = (e, t, n) => n, $ = Rn({
		key: null,
		setSeries: !1,
		filters: {
			pub: _n,
			sub: _n
		},
		scales: [S, v[1] ? v[1].scale : null],
		match: [
			vn,
			vn,
			ka
		],
		values: [null, null]
	}, N.sync);
	$.match.length == 2 && $.match.push(ka), N.sync = $;
	let Aa = $.key, ja = wi(Aa);
	function Ma(e, t, n, r, i, a, o) {
		$.filters.pub(e, t, n, r, i, a, o) && ja.pub(e, t, n, r, i, a, o);
	}
	ja.sub(r);
	function Na(e, t, n, r, i, a, o) {
		$.filters.sub(e, t, n, r, i, a, o) && Ea[e](null, t, n, r, i, a, o);
	}
	r.pub = Na;
	function Pa() {
		ja.unsub(r), ra.delete(r), he.clear(), At(lt, pt, Ta), l.remove(), L?.remove(), Oa("destroy");
	}
	r.destroy = Pa;
	function Fa() {
		Oa("init", e, t), Bn(t || e.data, !1), A[S] ? Br(S, A[S]) : Vn(), xt = Q.show && (Q.width > 0 || Q.height > 0), gt = Ct = !0, Tt(e.width, e.height);
	}
	return v.forEach(an), y.forEach(mn), n ? n instanceof HTMLElement ? (n.appendChild(l), Fa()) : n(r, Fa) : Fa(), r;
}
ba.assign = Rn, ba.fmtNum = Jt, ba.rangeNum = Wt, ba.rangeLog = Rt, ba.rangeAsinh = zt, ba.orient = Di, ba.pxRatio = H, ba.join = Un, ba.fmtDate = nr, ba.tzDate = ir, ba.sync = wi;
{
	ba.addGap = Mi, ba.clipGaps = ji;
	let e = ba.paths = { points: Ki };
	e.linear = Xi, e.stepped = Zi, e.bars = $i, e.spline = ta;
}
var xa = 1.6, Sa = .4, Ca = 1e3, wa = 15, Ta = 2, Ea = class {
	constructor() {
		this.points = [];
	}
	add(e) {
		let { points: t } = this, n = t.at(-1);
		if (!Number.isFinite(e.power) || n && e.at <= n.at) return !1;
		t.push(e);
		let r = t.findIndex(({ at: t }) => t >= e.at - 300 - wa);
		return t.splice(0, Math.max(r - Ta, t.length - Ca)), !0;
	}
};
function Da(e, t) {
	return (t || Oa(e)) * xa + Sa;
}
function Oa(e) {
	let t = e.slice(1).map((t, n) => t.at - e[n].at);
	return t.sort((e, t) => e - t)[Math.floor(t.length / 2)] ?? 0;
}
function ka(e, t) {
	return e.map(({ at: n, power: r }, i) => {
		let a = e[i + 1];
		return {
			at: n,
			power: r,
			until: a && a.at - n <= t ? a.at : n
		};
	});
}
function $(e, t) {
	return e !== void 0 && e.until > e.at && e.until === t.at;
}
function Aa(e, t) {
	let n = e.filter(({ until: e }) => e >= t);
	if (!n.length) return null;
	let r = {
		low: Infinity,
		high: -Infinity,
		gaps: 0
	};
	return n.forEach(({ at: e, until: t, power: i }, a) => {
		r.low = Math.min(r.low, i), r.high = Math.max(r.high, i), t === e && a < n.length - 1 && r.gaps++;
	}), r;
}
var ja = [
	1,
	1.25,
	1.5,
	2,
	2.5,
	3,
	4,
	5,
	6,
	8,
	10
];
function Ma(e) {
	let t = Math.min(0, e?.low ?? 0), n = Math.max(0, e?.high ?? 0), r = Math.max((n - t) * .05, 10);
	return [t < 0 ? -Na(r - t) : 0, n > 0 || t === 0 ? Na(n + r) : 0];
}
function Na(e) {
	let t = 10 ** Math.floor(Math.log10(e));
	return t * ja.find((n) => n * t >= e);
}
// src/bars.ts
var Pa = 8, Fa = 4, Ia = 1.5, La = class {
	constructor(e, t) {
		this.canvas = e, this.colours = t, this.gaps = null, this.drawn = [], this.left = 0, this.pen = e.getContext("2d");
	}
	show(e, t, n) {
		let { pen: r } = this;
		if (!r) return;
		let i = Math.round(t * n.perSecond) - n.width, a = Ra(this.view, n) ? this.moved(r, e, i) : null;
		a === null && this.clear(r, n), this.view = n, this.left = i, this.drawn = e, this.paint(r, n, Math.max(a ?? 0, 0));
	}
	moved(e, t, n) {
		let { width: r, perSecond: i, ratio: a } = this.view, o = n - this.left, s = za(this.drawn, t);
		if (o < 0 || o >= r || s === null) return null;
		o > 0 && (e.globalCompositeOperation = "copy", e.drawImage(this.canvas, -o, 0), e.globalCompositeOperation = "source-over");
		let c = t[s] ? Math.round(t[s].at * i) - n - Ba(a) : r;
		return Math.min(c, r - o);
	}
	clear(e, { width: t, height: n, ratio: r }) {
		this.canvas.width = t, this.canvas.height = n, this.gaps = Ha(e, Math.round(Pa * r));
	}
	paint(e, t, n) {
		let { width: r, height: i, ratio: a } = t;
		if (n >= r) return;
		e.save(), e.beginPath(), e.rect(n, 0, r - n, i), e.clip(), e.clearRect(n, 0, r - n, i);
		let o = this.place(t, n);
		this.fill(e, t, o), e.fillStyle = this.colours.text, o.forEach((t, n) => Va(e, t, o[n - 1], a)), e.restore();
	}
	place({ perSecond: e, zero: t, perWatt: n, ratio: r }, i) {
		let { drawn: a, left: o } = this, s = (t) => Math.round(t * e) - o, c = a.findIndex(({ until: e }) => s(e) >= i - Ba(r));
		return c < 0 ? [] : a.slice(c).map((e, r) => ({
			left: s(e.at),
			right: s(e.until),
			level: Math.round(t + e.power * n),
			joined: $(a[c + r - 1], e),
			alone: e.until === e.at
		}));
	}
	fill(e, { width: t, height: n, zero: r, ratio: i }, a) {
		e.fillStyle = this.colours.fed;
		for (let { left: t, right: n, level: i } of a) i > r && e.fillRect(t, r, n - t, i - r);
		if (this.gaps && a.some(({ level: e }) => e > r)) {
			let a = this.left % Math.round(Pa * i);
			e.translate(-a, 0), e.globalCompositeOperation = "destination-out", e.fillStyle = this.gaps, e.fillRect(0, r, t + a, n - r), e.globalCompositeOperation = "source-over", e.translate(a, 0);
		}
		e.globalAlpha = .45, e.fillStyle = this.colours.drawn;
		for (let { left: t, right: n, level: i } of a) i < r && e.fillRect(t, i, n - t, r - i);
		e.globalAlpha = 1;
	}
};
function Ra(e, t) {
	return e !== void 0 && Object.keys(t).every((n) => e[n] === t[n]);
}
function za(e, t) {
	let n = e.findIndex(({ at: e }) => e === t[0]?.at);
	if (n < 0) return null;
	let r = t.findIndex(({ until: t, power: r }, i) => {
		let a = e[n + i];
		return a?.until !== t || a.power !== r;
	});
	return r < 0 ? t.length : r;
}
function Ba(e) {
	return Math.ceil(Fa * e / 2);
}
function Va(e, t, n, r) {
	let { left: i, right: a, level: o, joined: s, alone: c } = t, l = Math.max(1, Math.floor(Ia * r)), u = Fa * r;
	s && n && e.fillRect(i, Math.min(o, n.level), l, Math.abs(o - n.level)), c ? s || e.fillRect(i - u / 2, o - u / 2, u, u) : e.fillRect(i, o, a - i + l, l);
}
function Ha(e, t) {
	let n = document.createElement("canvas");
	n.width = n.height = t;
	let r = n.getContext("2d");
	if (!r) return null;
	r.fillRect(0, 0, t, t), r.globalCompositeOperation = "destination-out", r.lineWidth = t / 4;
	for (let e of [
		-t,
		0,
		t
	]) r.moveTo(e, t), r.lineTo(e + t, 0);
	return r.stroke(), e.createPattern(n, "repeat");
}
// src/chart.ts
var Ua = 180, Wa = class {
	constructor(e, t, n, r, { language: i, now: a }) {
		this.found = [], this.now = 0, this.scale = Ma(null);
		let o = new Intl.NumberFormat(i), [s, c, l] = n > 1 ? [
			"min",
			60,
			[
				60,
				120,
				300
			]
		] : [
			"s",
			1,
			[
				15,
				30,
				60
			]
		], u = (e) => e ? `−${o.format(-e / c)} ${s}` : a, d = {
			stroke: r.text,
			font: r.font,
			grid: {
				stroke: r.grid,
				width: 1
			},
			ticks: { show: !1 }
		};
		this.seconds = n * 60, this.plot = new ba({
			width: t,
			height: Ua,
			legend: { show: !1 },
			cursor: { show: !1 },
			scales: {
				x: {
					time: !1,
					range: [-this.seconds, 0]
				},
				y: { range: () => [...this.scale] }
			},
			axes: [{
				...d,
				size: 30,
				gap: 10,
				space: 60,
				incrs: [...l],
				values: (e, t) => t.map(u)
			}, {
				...d,
				size: 64,
				space: 30,
				values: (e, t) => t.map((e) => o.format(e))
			}],
			series: [{}, {
				paths: () => null,
				points: { show: !1 }
			}],
			hooks: {
				drawAxes: [({ ctx: e, bbox: t }) => {
					e.save(), e.fillStyle = r.text, e.fillRect(t.left, t.top + this.view().zero, t.width, 1), e.restore();
				}],
				draw: [() => this.paint()]
			}
		}, [[-this.seconds, 0], [null, null]], e);
		let f = document.createElement("canvas");
		this.plot.under.append(f), this.bars = new La(f, r);
	}
	show(e, t, n) {
		this.found = e, this.now = n;
		let [r, i] = Ma(t);
		if (r === this.scale[0] && i === this.scale[1]) return this.paint();
		this.scale = [r, i], this.plot.setScale("y", {
			min: r,
			max: i
		});
	}
	resize(e) {
		e !== this.plot.width && this.plot.setSize({
			width: e,
			height: Ua
		});
	}
	destroy() {
		this.plot.destroy();
	}
	paint() {
		this.now && this.bars.show(this.found, this.now, this.view());
	}
	view() {
		let { width: e, height: t } = this.plot.bbox, [n, r] = this.scale, i = -t / (r - n);
		return {
			width: e,
			height: t,
			perSecond: e / this.seconds,
			zero: Math.round(-r * i),
			perWatt: i,
			ratio: devicePixelRatio
		};
	}
}, Ga = {
	Wh: "kWh",
	varh: "kvarh",
	VAh: "kVAh"
};
function Ka(e) {
	let t = /* @__PURE__ */ new Map();
	return (n, r = 0) => {
		let i = `${n} ${r}`, a = t.get(i);
		return a || t.set(i, a = e(n, r)), a;
	};
}
var qa = Ka((e, t) => new Intl.NumberFormat(e, {
	minimumFractionDigits: t,
	maximumFractionDigits: t
})), Ja = Ka((e) => new Intl.NumberFormat(e, {
	maximumFractionDigits: 0,
	signDisplay: "exceptZero"
})), Ya = Ka((e) => new Intl.DateTimeFormat(e, {
	dateStyle: "medium",
	timeStyle: "medium"
}));
function Xa(e, t, n) {
	return qa(t, n ?? (e.split(".")[1] ?? "").length).format(e);
}
function Za(e) {
	let [, t, n, r] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(e) ?? [];
	if (n === void 0) return e;
	let i = n.padStart(4, "0");
	return `${t}${i.slice(0, -3)}.${i.slice(-3)}${r ?? ""}`;
}
function Qa(e, t) {
	if (e.value === null) return "";
	if (!e.number) return e.unit ? `${e.value} ${e.unit}` : $a(e.value, t);
	let n = e.unit ?? "", r = Ga[n];
	return `${Xa(r ? Za(e.value) : e.value, t)} ${r ?? n}`.trim();
}
function $a(e, t) {
	if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(e)) return e;
	let n = new Date(e);
	return Number.isNaN(n.getTime()) ? e : Ya(t).format(n);
}
function eo(e, t) {
	return `${Ja(t).format(e)} W`;
}
// src/words.ts
var to = {
	title: "Smart meter",
	description: "Live power, all values and the state of the link of a smart meter",
	import: "Drawing from the grid",
	export: "Feeding into the grid",
	none: "No power either way",
	unknown: "Power not known",
	drawn: "Drawn",
	fed: "Fed in",
	today: "Today",
	today_pending: "not yet counted",
	curve: "Power of the last {minutes} min in W",
	now: "now",
	curve_text: "{now}. In the last {minutes} min between {low} and {high} W, {gaps} gaps.",
	curve_empty: "No power was told in the last {minutes} min.",
	curve_seldom: "This meter sends every {minutes} min: the curve has single points.",
	one_way: "This meter tells only what is drawn.",
	phases: "Phases",
	phase: "Phase",
	voltage: "Voltage",
	current: "Current",
	values: "All values",
	value: "Value",
	quantity: "Quantity",
	code: "Code",
	absent: "not sent",
	link_heard: "The meter is heard",
	link_waiting: "Waiting for the first telegram",
	link_silent: "The meter is silent: nothing arrives any more",
	link_unreadable: "Telegrams arrive, but cannot be read",
	link_port: "The port cannot be used: is the adapter plugged in?",
	link_lent: "The port is lent to another program",
	link_stopped: "There is no such meter, or its integration is not running",
	field_device: "Meter (empty: the first one)",
	field_title: "Title",
	field_minutes: "Length of the curve in minutes"
}, no = {
	en: to,
	de: {
		title: "Smart Meter",
		description: "Leistung live, alle Werte und der Zustand der Verbindung eines Smart Meters",
		import: "Bezug aus dem Netz",
		export: "Einspeisung ins Netz",
		none: "Weder Bezug noch Einspeisung",
		unknown: "Leistung nicht bekannt",
		drawn: "Bezogen",
		fed: "Eingespeist",
		today: "Heute",
		today_pending: "noch nicht gezählt",
		curve: "Leistung der letzten {minutes} min in W",
		now: "jetzt",
		curve_text: "{now}. In den letzten {minutes} min zwischen {low} und {high} W, {gaps} Lücken.",
		curve_empty: "In den letzten {minutes} min kam keine Leistung.",
		curve_seldom: "Dieser Zähler sendet alle {minutes} min: Die Kurve besteht aus einzelnen Punkten.",
		one_way: "Dieser Zähler nennt nur den Bezug.",
		phases: "Phasen",
		phase: "Phase",
		voltage: "Spannung",
		current: "Strom",
		values: "Alle Werte",
		value: "Wert",
		quantity: "Größe",
		code: "Code",
		absent: "nicht gesendet",
		link_heard: "Der Zähler ist zu hören",
		link_waiting: "Warten auf das erste Telegramm",
		link_silent: "Der Zähler schweigt: Es kommt nichts mehr an",
		link_unreadable: "Telegramme kommen an, sind aber nicht lesbar",
		link_port: "Der Anschluss ist nicht benutzbar: Steckt der Adapter?",
		link_lent: "Der Anschluss ist an ein anderes Programm verliehen",
		link_stopped: "Diesen Zähler gibt es nicht, oder seine Integration läuft nicht",
		field_device: "Zähler (leer: der erste)",
		field_title: "Titel",
		field_minutes: "Länge der Kurve in Minuten"
	},
	nl: {
		title: "Slimme meter",
		description: "Vermogen live, alle waarden en de staat van de verbinding van een slimme meter",
		import: "Afname van het net",
		export: "Teruglevering aan het net",
		none: "Geen vermogen in een van beide richtingen",
		unknown: "Vermogen niet bekend",
		drawn: "Afgenomen",
		fed: "Teruggeleverd",
		today: "Vandaag",
		today_pending: "nog niet geteld",
		curve: "Vermogen van de laatste {minutes} min in W",
		now: "nu",
		curve_text: "{now}. In de laatste {minutes} min tussen {low} en {high} W, {gaps} onderbrekingen.",
		curve_empty: "In de laatste {minutes} min kwam er geen vermogen.",
		curve_seldom: "Deze meter zendt elke {minutes} min: de curve bestaat uit losse punten.",
		one_way: "Deze meter noemt alleen de afname.",
		phases: "Fasen",
		phase: "Fase",
		voltage: "Spanning",
		current: "Stroom",
		values: "Alle waarden",
		value: "Waarde",
		quantity: "Grootheid",
		code: "Code",
		absent: "niet gezonden",
		link_heard: "De meter is te horen",
		link_waiting: "Wachten op het eerste telegram",
		link_silent: "De meter zwijgt: er komt niets meer aan",
		link_unreadable: "Er komen telegrammen aan, maar ze zijn niet leesbaar",
		link_port: "De poort is niet te gebruiken: zit de adapter erin?",
		link_lent: "De poort is uitgeleend aan een ander programma",
		link_stopped: "Deze meter is er niet, of zijn integratie draait niet",
		field_device: "Meter (leeg: de eerste)",
		field_title: "Titel",
		field_minutes: "Lengte van de curve in minuten"
	},
	fr: {
		title: "Compteur communicant",
		description: "Puissance en direct, toutes les valeurs et l'état de la liaison d'un compteur",
		import: "Soutirage du réseau",
		export: "Injection dans le réseau",
		none: "Aucune puissance, ni dans un sens ni dans l'autre",
		unknown: "Puissance inconnue",
		drawn: "Soutiré",
		fed: "Injecté",
		today: "Aujourd'hui",
		today_pending: "pas encore compté",
		curve: "Puissance des {minutes} dernières min, en W",
		now: "maintenant",
		curve_text: "{now}. Ces {minutes} dernières min entre {low} et {high} W, {gaps} interruptions.",
		curve_empty: "Aucune puissance n'est venue ces {minutes} dernières min.",
		curve_seldom: "Ce compteur émet toutes les {minutes} min : la courbe est faite de points isolés.",
		one_way: "Ce compteur ne donne que le soutirage.",
		phases: "Phases",
		phase: "Phase",
		voltage: "Tension",
		current: "Courant",
		values: "Toutes les valeurs",
		value: "Valeur",
		quantity: "Grandeur",
		code: "Code",
		absent: "non envoyé",
		link_heard: "Le compteur est entendu",
		link_waiting: "En attente du premier télégramme",
		link_silent: "Le compteur se tait : plus rien n'arrive",
		link_unreadable: "Des télégrammes arrivent, mais sont illisibles",
		link_port: "Le port est inutilisable : l'adaptateur est-il branché ?",
		link_lent: "Le port est prêté à un autre programme",
		link_stopped: "Ce compteur n'existe pas, ou son intégration ne fonctionne pas",
		field_device: "Compteur (vide : le premier)",
		field_title: "Titre",
		field_minutes: "Durée de la courbe en minutes"
	},
	it: {
		title: "Contatore",
		description: "Potenza dal vivo, tutti i valori e lo stato del collegamento di un contatore",
		import: "Prelievo dalla rete",
		export: "Immissione in rete",
		none: "Nessuna potenza in nessuna direzione",
		unknown: "Potenza non nota",
		drawn: "Prelevata",
		fed: "Immessa",
		today: "Oggi",
		today_pending: "non ancora contata",
		curve: "Potenza degli ultimi {minutes} min in W",
		now: "ora",
		curve_text: "{now}. Negli ultimi {minutes} min tra {low} e {high} W, {gaps} interruzioni.",
		curve_empty: "Negli ultimi {minutes} min non è arrivata alcuna potenza.",
		curve_seldom: "Questo contatore trasmette ogni {minutes} min: la curva è fatta di punti singoli.",
		one_way: "Questo contatore indica solo il prelievo.",
		phases: "Fasi",
		phase: "Fase",
		voltage: "Tensione",
		current: "Corrente",
		values: "Tutti i valori",
		value: "Valore",
		quantity: "Grandezza",
		code: "Codice",
		absent: "non inviato",
		link_heard: "Il contatore si sente",
		link_waiting: "In attesa del primo telegramma",
		link_silent: "Il contatore tace: non arriva più nulla",
		link_unreadable: "Arrivano telegrammi, ma non sono leggibili",
		link_port: "La porta non è utilizzabile: l'adattatore è inserito?",
		link_lent: "La porta è prestata a un altro programma",
		link_stopped: "Questo contatore non c'è, o la sua integrazione non è in funzione",
		field_device: "Contatore (vuoto: il primo)",
		field_title: "Titolo",
		field_minutes: "Durata della curva in minuti"
	}
};
function ro(e) {
	let t = no[(e ?? "en").split("-")[0]] ?? to;
	return (e, n = {}) => Object.entries(n).reduce((e, [t, n]) => e.replace(`{${t}}`, String(n)), t[e]);
}
function io(e) {
	return `link_${e}`;
}
// src/panel.ts
var ao = "smart_meter";
function oo(e) {
	return Object.values(e.devices ?? {}).filter((e) => e.identifiers.some(([e]) => e === ao) && !e.disabled_by).sort((t, n) => (t.name ?? "").localeCompare(n.name ?? "", e.language)).map((e) => e.id);
}
var so = class extends Se {
	constructor(...e) {
		super(...e), this.narrow = !1, this.cards = /* @__PURE__ */ new Map();
	}
	static {
		this.properties = {
			hass: { attribute: !1 },
			narrow: { type: Boolean }
		};
	}
	render() {
		let e = ro(this.hass?.language)("title");
		return R`<header>
        <ha-menu-button .hass=${this.hass} .narrow=${this.narrow}></ha-menu-button>
        <h1>${e}</h1>
      </header>
      <main>${this.hass ? oo(this.hass).map((e) => this.card(e, this.hass)) : ""}</main>`;
	}
	card(e, t) {
		let n = this.cards.get(e);
		return n || (n = document.createElement("smart-meter-card"), n.setConfig({
			type: "custom:smart-meter-card",
			device: e
		}), this.cards.set(e, n)), n.hass = t, n;
	}
	static {
		this.styles = o`
    :host { display: block; min-height: 100%; background: var(--primary-background-color); color: var(--primary-text-color); }
    header {
      display: flex; align-items: center; height: var(--header-height, 56px); padding: 0 12px;
      background: var(--app-header-background-color); color: var(--app-header-text-color, inherit);
      border-bottom: 1px solid var(--divider-color);
    }
    h1 { font-size: 20px; font-weight: 400; margin: 0 0 0 12px; }
    main { display: grid; gap: 16px; padding: 16px; max-width: 1100px; margin: 0 auto; }
  `;
	}
}, co = "smart-meter-card", lo = 6e4, uo = 1250, fo = 60;
function po({ meter: e, link: t, interval: n, power: r, energy: i, rows: a }) {
	return JSON.stringify([
		e,
		t,
		(n ?? 0) > fo && n,
		!r || r.export,
		i,
		a.map(({ key: e, name: t, number: n }) => [
			e,
			t,
			n
		])
	]);
}
var mo = /* @__PURE__ */ new Map(), ho = R`<div class="power">
  <span class="arrow" aria-hidden="true" data-live="arrow"></span>
  <span class="number" data-live="number"></span>
  <span class="direction" data-live="direction"></span>
</div>`, go = class extends Se {
	constructor(...e) {
		super(...e), this.state = null, this.laidOut = "", this.places = /* @__PURE__ */ new Map(), this.today = {
			import: null,
			export: null
		}, this.width = 0, this.curve = new Ea(), this.offset = 0, this.drawnAt = 0, this.redraw = {
			handleEvent: () => document.hidden || this.dropChart(),
			capture: !0
		};
	}
	static {
		this.properties = { today: { state: !0 } };
	}
	static getStubConfig(e) {
		return {
			device: oo(e)[0],
			minutes: 5
		};
	}
	static getConfigForm() {
		let e = ro(document.documentElement.lang);
		return {
			schema: [
				{
					name: "device",
					selector: { device: { integration: "smart_meter" } }
				},
				{
					name: "title",
					selector: { text: {} }
				},
				{
					name: "minutes",
					default: 5,
					selector: { number: {
						min: 1,
						max: 5,
						step: 1,
						mode: "slider"
					} }
				}
			],
			computeLabel: (t) => e(`field_${t.name}`)
		};
	}
	setConfig(e) {
		let t = e.minutes ?? 5;
		if (!(t >= 1 && t <= 5)) throw Error("minutes: 1 to 5");
		let n = this.config;
		this.config = e, n?.device !== e.device && this.restart(), n?.minutes !== e.minutes && this.dropChart(), this.requestUpdate();
	}
	set hass(e) {
		let t = this._hass;
		this._hass = e, t?.connection !== e.connection || t?.language !== e.language ? this.restart() : t.themes !== e.themes && this.dropChart();
	}
	getCardSize() {
		return 10;
	}
	getGridOptions() {
		return {
			columns: 12,
			min_columns: 6
		};
	}
	connectedCallback() {
		super.connectedCallback(), this.restart(), this.timer = window.setInterval(() => this.moveOn(), uo / 2), document.addEventListener("visibilitychange", this.redraw), this.todayTimer = window.setInterval(() => void this.askToday(), lo), this.observer = new ResizeObserver(([e]) => this.resize(Math.floor(e.contentRect.width)));
	}
	disconnectedCallback() {
		super.disconnectedCallback(), clearInterval(this.timer), document.removeEventListener("visibilitychange", this.redraw), clearInterval(this.todayTimer), this.observer?.disconnect(), this.stop(), this.dropChart();
	}
	get language() {
		return this._hass?.language ?? "en";
	}
	get minutes() {
		return this.config?.minutes ?? 5;
	}
	restart() {
		if (this.stop(), !this._hass || !this.config || !this.isConnected) return;
		this.dropChart();
		let { device: e } = this.config, t = {
			type: "smart_meter/subscribe",
			language: this.language,
			...e ? { device: e } : {}
		}, n = this._hass.connection.subscribeMessage((e) => this.take(e), t);
		n.catch(() => this.take({
			meter: null,
			link: "stopped",
			rows: []
		})), this.unsubscribe = n;
	}
	stop() {
		this.unsubscribe?.then((e) => e()).catch(() => void 0), this.unsubscribe = void 0;
	}
	take(e) {
		let t = this.state?.meter?.id !== e.meter?.id;
		this.state = e, e.meter && t && (this.curve = mo.get(e.meter.id) ?? new Ea(), mo.set(e.meter.id, this.curve), this.askToday()), e.now && (this.offset = e.now - Date.now() / 1e3), e.meter && e.power && this.curve.add({
			at: e.power.at,
			power: e.power.net
		});
		let n = po(e);
		this.laidOut === n ? this.write() : this.requestUpdate(), this.laidOut = n;
	}
	async askToday() {
		let { energy: e } = this.state ?? {};
		if (!this._hass || !e) return;
		let [t, n] = await Promise.all([this.since(e.import), this.since(e.export)]);
		this.today = {
			import: t,
			export: n
		};
	}
	async since(e) {
		if (!e || !this._hass) return null;
		let t = {
			type: "recorder/statistic_during_period",
			statistic_id: e,
			calendar: { period: "day" },
			types: ["change"],
			units: { energy: "kWh" }
		};
		try {
			return (await this._hass.callWS(t)).change ?? null;
		} catch {
			return null;
		}
	}
	updated(e) {
		let t = this.place();
		t && this.observer?.observe(t), this.places.clear();
		for (let e of this.renderRoot.querySelectorAll("[data-live]")) {
			let t = e.firstChild ?? e.appendChild(new Text()), n = e.dataset.live;
			this.places.set(n, [...this.places.get(n) ?? [], t]);
		}
		this.write();
	}
	write() {
		let { state: e } = this;
		if (!e) return;
		let t = this.net();
		this.put("arrow", t ? t > 0 ? "↓" : "↑" : ""), this.put("number", t === null ? "–" : eo(t, this.language)), this.put("direction", this.direction());
		let n = ro(this.language)("absent");
		for (let t of e.rows) this.put(t.key, Qa(t, this.language) || n);
		this.draw();
	}
	put(e, t) {
		for (let n of this.places.get(e) ?? []) n.data !== t && (n.data = t);
	}
	place() {
		return this.renderRoot.querySelector(".curve");
	}
	resize(e) {
		this.width = e, this.chart?.resize(e), this.chart || this.draw();
	}
	dropChart() {
		this.chart?.destroy(), this.chart = void 0, this.requestUpdate();
	}
	moveOn() {
		performance.now() - this.drawnAt >= uo && this.draw();
	}
	draw() {
		let e = this.place();
		if (!this.isConnected || !e) return;
		let t = Date.now() / 1e3 + this.offset, { points: n } = this.curve, r = ka(n, Da(n, this.state?.interval)), i = Aa(r, t - this.minutes * 60), a = this.curveText(i);
		e.ariaLabel !== a && (e.ariaLabel = a), this.drawnAt = performance.now(), this.width && (this.chart ??= this.newChart(e), this.chart.show(r, i, t));
	}
	newChart(e) {
		let { language: t } = this;
		return new Wa(e, this.width, this.minutes, this.look(), {
			language: t,
			now: ro(t)("now")
		});
	}
	look() {
		let e = getComputedStyle(this), t = (t, n) => e.getPropertyValue(t).trim() || n;
		return {
			text: t("--primary-text-color", "#212121"),
			grid: t("--divider-color", "#e0e0e0"),
			drawn: t("--energy-grid-consumption-color", "#488fc2"),
			fed: t("--energy-grid-return-color", "#8353d1"),
			font: `12px ${e.fontFamily || "sans-serif"}`
		};
	}
	render() {
		if (!this.config || !this.state) return z;
		let e = ro(this.language), { state: t } = this;
		return R`<ha-card>
      <h2>${this.config.title ?? t.meter?.name ?? e("title")}</h2>
      <p class="link ${t.link}" role="status">${e(io(t.link))}</p>
      ${t.meter ? [
			ho,
			this.renderCurve(),
			this.renderToday(),
			this.renderPhases(),
			this.renderRows()
		] : z}
    </ha-card>`;
	}
	net() {
		return this.state?.link === "heard" ? this.state.power?.net ?? null : null;
	}
	direction() {
		let e = this.net(), t = e === null ? "unknown" : e > 0 ? "import" : e < 0 ? "export" : "none";
		return ro(this.language)(t);
	}
	renderCurve() {
		let e = ro(this.language), { minutes: t, state: n } = this, r = (n?.interval ?? 0) > fo;
		return R`<h3>${e("curve", { minutes: t })}</h3>
      <div class="curve" role="img" @contextrestored=${this.redraw}></div>
      <p class="key">
        <span><span class="box drawn"></span>+ ${e("import")}</span>
        ${n?.power && !n.power.export ? R`<em>${e("one_way")}</em>` : R`<span><span class="box fed"></span>− ${e("export")}</span>`}
        ${r ? R`<em>${e("curve_seldom", { minutes: Math.round(n.interval / 60) })}</em>` : z}
      </p>`;
	}
	curveText(e) {
		let t = ro(this.language), { minutes: n } = this;
		if (!e) return t("curve_empty", { minutes: n });
		let r = (e) => Xa(String(Math.round(e)), this.language);
		return t("curve_text", {
			now: `${this.direction()} ${this.net() === null ? "" : eo(this.net(), this.language)}`.trim(),
			minutes: n,
			low: r(e.low),
			high: r(e.high),
			gaps: e.gaps
		});
	}
	renderToday() {
		let e = ro(this.language), { energy: t } = this.state, n = (t) => t === null ? e("today_pending") : `${Xa(String(t), this.language, 2)} kWh`;
		return R`<h3>${e("today")}</h3>
      <dl>
        ${t?.import ? R`<div><dt>+ ${e("drawn")}</dt><dd>${n(this.today.import)}</dd></div>` : z}
        ${t?.export ? R`<div><dt>− ${e("fed")}</dt><dd>${n(this.today.export)}</dd></div>` : z}
      </dl>`;
	}
	renderPhases() {
		let e = ro(this.language), t = new Map(this.state.rows.map((e) => [e.key.replace(/^1-1:/, "1-0:"), e])), n = [
			32,
			52,
			72
		].map((e, n) => ({
			name: `L${n + 1}`,
			voltage: t.get(`1-0:${e}.7.0`),
			current: t.get(`1-0:${e - 1}.7.0`)
		})).filter((e) => e.voltage ?? e.current);
		return n.length ? R`<table class="phases">
      <caption>${e("phases")}</caption>
      <thead><tr><th scope="col">${e("phase")}</th><th scope="col">${e("voltage")}</th><th scope="col">${e("current")}</th></tr></thead>
      <tbody>
        ${n.map((e) => R`<tr><th scope="row">${e.name}</th>${this.cell(e.voltage)}${this.cell(e.current)}</tr>`)}
      </tbody>
    </table>` : z;
	}
	cell(e) {
		return e ? R`<td><div class=${e.number ? "line" : ""} data-live=${e.key}></div></td>` : R`<td>${ro(this.language)("absent")}</td>`;
	}
	renderRows() {
		let e = ro(this.language);
		return R`<table class="values">
      <caption>${e("values")}</caption>
      <thead><tr><th scope="col">${e("quantity")}</th><th scope="col">${e("code")}</th><th scope="col">${e("value")}</th></tr></thead>
      <tbody>
        ${this.state.rows.map((e) => R`<tr data-key=${e.key}><th scope="row">${e.name}</th><td class="code">${e.key}</td>${this.cell(e)}</tr>`)}
      </tbody>
    </table>`;
	}
	static {
		this.styles = [a(we), o`
      :host { display: block; container-type: inline-size; color: var(--primary-text-color); }
      ha-card { display: block; padding: 16px; overflow: hidden; }
      h2 { font-size: 1.5em; font-weight: 400; margin: 0 0 4px; }
      h3, caption { font-size: 1em; font-weight: 500; margin: 16px 0 4px; padding: 0; text-align: start; }
      .link { margin: 0; color: var(--secondary-text-color); }
      .link.silent, .link.unreadable, .link.port, .link.stopped {
        color: var(--primary-text-color); border-inline-start: 4px solid var(--error-color, #db4437); padding-inline-start: 8px; font-weight: 500;
      }
      .power { margin-top: 12px; line-height: 1.2; }
      .number { font-size: 2.4em; font-variant-numeric: tabular-nums; }
      .arrow { font-size: 1.8em; }
      .direction { display: inline-block; font-size: 1.1em; }
      .curve { width: 100%; height: 180px; contain: strict; }
      .key { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 4px 0 0; font-size: 0.9em; }
      .key > span { display: flex; gap: 8px; align-items: center; }
      .box { flex: none; width: 1.4em; height: 1em; border: 1px solid var(--primary-text-color); }
      .box.drawn { background: color-mix(in srgb, var(--energy-grid-consumption-color, #488fc2) 45%, transparent); }
      .box.fed {
        background: repeating-linear-gradient(-45deg, var(--energy-grid-return-color, #8353d1) 0 2px, transparent 2px 5px);
      }
      dl { display: flex; flex-wrap: wrap; gap: 4px 32px; margin: 0; }
      dl div { display: flex; gap: 8px; }
      dd { margin: 0; font-variant-numeric: tabular-nums; font-weight: 500; }
      table { width: 100%; border-collapse: collapse; margin-top: 16px; table-layout: fixed; }
      caption { margin: 0; }
      th, td { text-align: start; font-weight: 400; padding: 6px 8px 6px 0; border-bottom: 1px solid var(--divider-color); overflow-wrap: anywhere; }
      thead th { color: var(--secondary-text-color); font-size: 0.85em; }
      td { font-variant-numeric: tabular-nums; }
      tr > :last-child { text-align: end; padding-inline-end: 0; }
      .code { color: var(--secondary-text-color); }
      /* A number that changes lays out its own line only, and not the table; where lines are short it may need two. */
      @container (min-width: 24em) {
        .line { height: 1lh; contain: layout size; }
        .power { height: 4.5em; contain: layout size; }
        .direction { display: block; }
      }
      @container (min-width: 36em) {
        .power { height: 3em; }
        .direction { display: inline-block; }
      }
      @container (max-width: 420px) { .values .code, .values th:nth-child(2):not([scope="row"]) { display: none; } }
      @container (min-width: 900px) {
        .power { height: 5em; }
        .number { font-size: 4em; }
      }
    `];
	}
};
async function _o() {
	await Promise.race(["home-assistant", "hc-main"].map((e) => customElements.whenDefined(e))), customElements.get(co) || customElements.define(co, go), customElements.get("smart-meter-panel") || customElements.define("smart-meter-panel", so);
}
var vo = window.customCards ??= [];
if (!vo.some((e) => e.type === co)) {
	let e = ro(document.documentElement.lang);
	vo.push({
		type: co,
		name: e("title"),
		description: e("description"),
		preview: !0,
		documentationURL: "https://github.com/smart-meter-home/smart-meter/blob/main/docs/card.md"
	});
}
_o();
export { go as SmartMeterCard };
