using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Tests.Threads;

public sealed unsafe class CrewTests
{
    // A crew of three once hung: a thread that slept again at once took the permit of one that had not woken yet. Pauses let all threads fall asleep.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void EveryUnitRunsOnceAwakeOrAsleep(int size)
    {
        using var crew = new Crew(size);
        var work = new Count();
        int* counts = stackalloc int[7];
        for (int round = 1; round <= 60; round++)
        {
            if (round % 2 == 0) Thread.Sleep(1);
            crew.For(work, counts, 7);
            for (int i = 0; i < 7; i++) Assert.Equal(round, counts[i]);
        }
    }

    private sealed class Count : CrewWork
    {
        internal override void RunUnit(void* state, int unit, int worker) => Interlocked.Increment(ref ((int*)state)[unit]);
    }
}
