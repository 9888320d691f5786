"""The viewer: a Bokeh server app, and scripts in the browser that own the page.

Python makes the document and does what needs the API key; JavaScript does the rest, and asks
the API itself for pages, so that a page turned costs no trip through Bokeh::

    main      wiring: settings, client, figure, scripts
    screen    the figure: glyphs with empty sources, which scripts fill
    link      one model between script and Python: `Desk` does the verbs that a script asks for
    verbs     what they may ask for; `marking` has those about events
    offers    words and numbers that scripts take from the rooms below
    modules   the scripts' addresses

    static/js/app.js      wiring: makes `viewer`, hands it to every part
      state               `Observed`: values, and who wants to know when they change
      turning, pages      which page is wanted, fetched, kept, fetched ahead
      draw                the page on the glyphs
      moves, moving       what turns a page, and the hands that do (keys, wheel, slider, play)
      trail, address      the address of what is on the screen, and the way back
      bar, menu, keys, help             controls, and the one table of keys
      who, list, labels, axis, foot     words round the traces
      editor, calibration, crop, print, sheet, share      dialogs, paper, links
      studies, stream, growing, renewing, lost      what is there, what grows, what goes away
      marking             events: marks (read, add, change, undo), shade (on the traces), making,
                          choosing, handles, editing, eventlist, classes, author
      glass               the pointer on the traces; selecting, measuring, spectrum, cross on it
      below               the study below the traces: overview (min and max), strip (its picture and
                          times), rail (click, drag and wheel on it); selection (of a trace),
                          spectrogram, trends; looking (gaze, ledger: what was seen), coverage
      api, link           the ways out: to the API (reading), to Python (writing)
      pure                turn · times · scale · stack · palette · frame · filters · events · rows
                          · landing (on which sample a mark lands) · reading (values off a page)
                          · timeline · envelope · spans · gaze · spectra · heat

A part of the page is a function of `viewer`, called once by ``app.js``. It finds there

`viewer.state`
    What the reader wants, the single truth: patient, study, start and duration [s of the study],
    montage, lff, hff, notch, phase, sensitivity, negativeUp, bad (rows), hidden (labels), gains,
    theme, live ... ``state.now`` is a frozen object, ``state.set({...})`` changes it, and
    ``state.on(["start", "duration"], (now, before) => ...)`` is told of changes of these names
    (null: of any). A part brings names of its own with ``state.add({...})``.
`viewer.scene`
    What is known and on the screen, observed in the same way: studies, study (with `clock` and
    `duration`), identity, page (the decoded answer of ``GET /eeg``: start, stop [s], spans, traces
    with `x` and `values`, and how it was `asked` for), layout (rows: trace, centre [px from the
    top]), painted (the page, once two animation frames have passed since it was drawn), width and
    height of the traces [px].
`scene.events`, `viewer.marks`, `viewer.author`
    All that holds now of the study: ``events.all`` by onset, ``events.touching(start, stop)``; each
    has start and stop [s], description, status, channels and a `key` for life; ``scene.chosen`` is
    the key of one. ``kindsOf(state.now.classes)`` and ``dye`` of ``classes.js`` give it a colour.
    ``marks.add(content)``, ``change(key, fields)``, ``undo()``; ``await author()`` is who reads.
`viewer.glass`
    Where the pointer is on the traces: ``on("click", (spot) => ...)``, hover, double, drag; a spot
    has second, row, x and y. ``scene.selection`` is the stretch of a trace that was drawn.
`scene.part`, `scene.overview`, `scene.coverage`
    From when to when the strip reaches [s]; its min and max (`envelope.js`); what of the study was
    seen and what was not, spans [s]. ``await viewer.looking.flush()`` has all that was seen stored.
`viewer.moves`
    ``to(second)``, ``around(second)``, ``before(onset)``, ``by("next")``: turns pages; jumps enter
    the history.
`viewer.keys`, `viewer.menu`, `viewer.tell`
    ``keys.add({keys: ["Shift+x"], words, group, run})`` enters the help by itself;
    ``menu.add(words, run)``; ``tell("hint", words)`` puts a notice across the page.
`viewer.api`, `viewer.link`
    ``api.json(path, query)``, ``api.bytes(path, query)`` read; ``link.ask(verb, what)`` has Python
    do one of the verbs that ``main`` hands to `Desk`; a verb blocks in a thread of its own.
`viewer.models`
    The Bokeh models of `screen` by name. x of the figure is seconds from page start, y pixels from
    the top of the field, so what lies on the traces needs no arithmetic. Sources are filled with
    ``put(source, columns)`` of ``draw.js``, which keeps them from travelling back to Python.

Places for parts in ``templates/index.html``: ``#events`` (left, below the studies), ``#over`` (on
the traces, does not catch the mouse), ``#spectrogram``, ``#strip``, ``#trends`` (below the traces),
``#bar`` (controls), ``#dialogs``. Colours are variables in ``templates/theme.css``.
"""
