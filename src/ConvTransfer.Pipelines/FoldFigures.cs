using ConvTransfer.Graphs;

namespace ConvTransfer.Pipelines;

/// <summary>Figures of a cross-validation: each image was classified once, by a head that was fitted without it.</summary>
public sealed class FoldFigures
{
    /// <summary>Puts the figures of the folds together.</summary>
    /// <exception cref="ArgumentException">There is none, or their classes differ.</exception>
    public FoldFigures(ValueList<Figures> folds)
    {
        All = Figures.Pool(folds);
        Folds = folds;
        Accuracy = Over(f => f.Accuracy);
        BalancedAccuracy = Over(f => f.BalancedAccuracy);
        LogLoss = Over(f => f.LogLoss);
    }

    /// <summary>The figures over all images.</summary>
    public Figures All { get; }

    /// <summary>The figures of each fold.</summary>
    public ValueList<Figures> Folds { get; }

    /// <summary>Accuracy over the folds.</summary>
    public MeanAndDeviation Accuracy { get; }

    /// <summary>Balanced accuracy over the folds.</summary>
    public MeanAndDeviation BalancedAccuracy { get; }

    /// <summary>Log-loss over the folds.</summary>
    public MeanAndDeviation LogLoss { get; }

    /// <summary>The figures as text for people.</summary>
    public override string ToString() => FiguresText.Of(this);

    private MeanAndDeviation Over(Func<Figures, double> figure) => MeanAndDeviation.Of(Folds.Select(figure).ToArray());
}
