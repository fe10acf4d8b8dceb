if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader

from mage_ai.orchestration.triggers.api import trigger_pipeline


@data_loader
def run_other_pipeline(*args, **kwargs):
    """Start another pipeline and go on when it has completed."""
    trigger_pipeline(
        'other_pipeline',
        variables={},
        check_status=True,
        error_on_failure=True,
        poll_interval=5,
    )
