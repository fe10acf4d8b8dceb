SELECT *
FROM {{ ref('other_model') }}
