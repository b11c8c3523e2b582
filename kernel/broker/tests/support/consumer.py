"""A consumer that shares nothing with ours: prints records as JSON lines until it has so many."""
import json
import sys

from kafka import KafkaConsumer

servers, topic, group, count = sys.argv[1:]
consumer = KafkaConsumer(
    topic,
    bootstrap_servers=servers.split(","),
    group_id=group,
    auto_offset_reset="earliest",
    enable_auto_commit=False,
)
for _ in range(int(count)):
    record = next(consumer)
    print(json.dumps({
        "key": record.key.decode(),
        "value": json.loads(record.value),
        "headers": {name: value.decode() for name, value in record.headers},
    }), flush=True)
consumer.commit()
consumer.close()
