"""Chart blocks: Mage's chart configurations, drawn as Vega-Lite by JupyterLab itself."""
