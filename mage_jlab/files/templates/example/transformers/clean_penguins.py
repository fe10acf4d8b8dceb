if 'transformer' not in globals():
    from mage_ai.data_preparation.decorators import transformer
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test

MEASURES = ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g']


@transformer
def clean_penguins(penguins, *args, **kwargs):
    """Leave out penguins that were not measured; name the unknown sex."""
    measured = penguins.dropna(subset=MEASURES)
    cleaned = measured.assign(
        sex=measured['sex'].fillna('unknown'),
        body_mass_g=measured['body_mass_g'].astype('int64'),
        flipper_length_mm=measured['flipper_length_mm'].astype('int64'),
    )
    print(f'{len(penguins) - len(cleaned)} of {len(penguins)} penguins were not measured')
    return cleaned.reset_index(drop=True)


@test
def test_nothing_is_missing(output, *args):
    assert not output.isna().any().any(), 'There are still missing values'


@test
def test_masses_are_plausible(output, *args):
    assert output['body_mass_g'].between(2000, 7000).all(), 'A penguin is too light or too heavy'


@test
def test_three_species(output, *args):
    assert set(output['species']) == {'Adelie', 'Chinstrap', 'Gentoo'}
