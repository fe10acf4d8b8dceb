if 'sensor' not in globals():
    from mage_ai.data_preparation.decorators import sensor

from mage_ai.orchestration.run_status_checker import check_status


@sensor
def pipeline_is_done(*args, **kwargs) -> bool:
    """Return True when the other pipeline has completed within the last day."""
    return check_status('other_pipeline', kwargs['execution_date'], hours=24)
