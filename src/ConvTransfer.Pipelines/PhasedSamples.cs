namespace ConvTransfer.Pipelines;

/// <summary>The same pictures at the frontier of each phase of a training. Those that are read have memory for the frozen part; the others have not.</summary>
internal sealed class PhasedSamples : IDisposable
{
    private PictureSamples? _read;

    /// <summary>Prepares the pictures for all phases.</summary>
    /// <param name="prepare">Prepares them for the phase of that index.</param>
    /// <param name="phases">The number of phases.</param>
    public PhasedSamples(Func<int, PictureSamples> prepare, int phases)
    {
        var samples = new List<PictureSamples>();
        Phases = samples;
        try
        {
            for (int phase = 0; phase < phases; phase++)
            {
                var made = prepare(phase);
                samples.Add(made);
                made.BeforeRead = () => Enter(made);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The samples of each phase.</summary>
    public IReadOnlyList<PictureSamples> Phases { get; }

    /// <summary>Passes through the frozen part so far, in all phases.</summary>
    public long Passes => Phases.Sum(p => p.Passes);

    /// <summary>Bytes of native memory that computing the frozen parts takes: the workers' is that of the phase with the most.</summary>
    public long NativeBytes()
    {
        var phases = Phases.Select(p => p.NativeBytes()).ToArray();
        return phases.Sum(p => p.Shared) + phases.Max(p => p.Workers);
    }

    private void Enter(PictureSamples now)
    {
        if (_read == now) return;
        _read?.Release();
        _read = now;
    }

    public void Dispose()
    {
        foreach (var samples in Phases) samples.Dispose();
    }
}
