"""The viewer: a Bokeh server app that shows what the API has.

::

    main      wiring: settings, client, panels, document
    session   one open page: the state, and `show(state)` that brings it to the screen
    panels    header · controls · recordings · events · traces · shading · strip · notice
    pages     the only module that talks to the API: fetches, keeps, fetches ahead
    pure      state · times · tiles · scale · reduction · marks
"""
