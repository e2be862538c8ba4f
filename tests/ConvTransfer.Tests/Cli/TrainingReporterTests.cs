using ConvTransfer.Cli;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Cli;

public sealed class TrainingReporterTests
{
    // Days were left off: 30 hours stood there as six.
    [Theory]
    [InlineData(30 * 3600, "30:00:00 left")]
    [InlineData(3 * 86400 + 61, "72:01:01 left")]
    [InlineData(59, "00:00:59 left")]
    public void TheTimeLeftIsInHours(int seconds, string said)
    {
        var lines = new List<string>();
        new TrainingReporter(null, lines.Add).Report(new TrainingProgress(1, 2, 4, 4, 0.1, 1.5, 20, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(seconds)));
        Assert.EndsWith(said, Assert.Single(lines), StringComparison.Ordinal);
    }
}
