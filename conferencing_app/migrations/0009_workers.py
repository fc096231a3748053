import conferencing_app.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conferencing_app', '0008_verification'),
    ]

    operations = [
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', conferencing_app.fields.ExactField(max_length=200, unique=True)),
                ('program', models.CharField(max_length=32)),
                ('seen_at', models.DateTimeField()),
                ('expected_until', models.DateTimeField()),
            ],
        ),
    ]
