using ConvTransfer.Core;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Tests.Pipelines;

public sealed class ImageLoopTests
{
    private sealed class Collected : IProgress<ProgressReport>
    {
        public List<ProgressReport> Reports { get; } = [];

        public void Report(ProgressReport value) => Reports.Add(value);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 4)]
    [InlineData(100, 1)]
    [InlineData(100, 3)]
    public void EveryImageIsDoneOnceAndReported(int count, int workers)
    {
        var times = new int[count];
        var progress = new Collected();
        ImageLoop.Run(count, workers, "features", (worker, index) =>
        {
            Assert.InRange(worker, 0, workers - 1);
            Interlocked.Increment(ref times[index]);
        }, progress, CancellationToken.None);
        Assert.All(times, t => Assert.Equal(1, t));
        Assert.Equal(Enumerable.Range(1, count).Select(i => (long)i), progress.Reports.Select(r => r.Done));
        Assert.All(progress.Reports, r => Assert.Equal(("features", (long)count, "images"), (r.Phase, r.Total, r.Unit)));
    }

    [Fact]
    public void TheFirstFailureIsThrownAndTheRestGivenUp()
    {
        for (int round = 0; round < 20; round++)
        {
            int done = 0;
            var e = Assert.Throws<InvalidDataException>(() => ImageLoop.Run(10_000, 4, "features", (_, index) =>
            {
                if (index == 5) Thread.Sleep(5);
                if (index > 9) Thread.Sleep(1);
                if (index is 5 or 6 or 9) throw new InvalidDataException($"{index}");
                Interlocked.Increment(ref done);
            }, null, CancellationToken.None));
            Assert.Equal("5", e.Message);
            Assert.True(done < 9_999);
        }
    }

    [Fact]
    public void AFailingObserverSurfacesUnchanged()
    {
        var thrown = new InvalidDataException("observer");
        Assert.Same(thrown, Assert.Throws<InvalidDataException>(() => ImageLoop.Run(10, 2, "features", (_, _) => { }, new Throwing(thrown), CancellationToken.None)));
    }

    [Fact]
    public void CancellationStopsBeforeTheNextImage()
    {
        using var source = new CancellationTokenSource();
        int done = 0;
        Assert.Throws<OperationCanceledException>(() => ImageLoop.Run(1000, 2, "features", (_, index) =>
        {
            if (index == 10) source.Cancel();
            if (index > 10) source.Token.WaitHandle.WaitOne();
            Interlocked.Increment(ref done);
        }, null, source.Token));
        Assert.InRange(done, 11, 12);
    }

    private sealed class Throwing(Exception e) : IProgress<ProgressReport>
    {
        public void Report(ProgressReport value) => throw e;
    }
}
