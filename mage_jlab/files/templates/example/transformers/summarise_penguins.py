if 'transformer' not in globals():
    from mage_ai.data_preparation.decorators import transformer
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def summarise_penguins(penguins, *args, **kwargs):
    """Count and average the penguins of each species on each island."""
    groups = penguins.groupby(['species', 'island'], as_index=False)
    summary = groups.agg(
        penguins=('year', 'size'),
        bill_length_mm=('bill_length_mm', 'mean'),
        flipper_length_mm=('flipper_length_mm', 'mean'),
        body_mass_g=('body_mass_g', 'mean'),
    )
    return summary.round(1).sort_values(['species', 'island'], ignore_index=True)


@test
def test_every_penguin_is_counted(output, *args):
    assert output['penguins'].sum() == 342
