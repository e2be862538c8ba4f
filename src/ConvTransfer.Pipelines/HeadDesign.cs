using ConvTransfer.Core;
using ConvTransfer.Graphs;

namespace ConvTransfer.Pipelines;

/// <summary>The classifier that a fine-tuning puts behind the network. The number of classes comes from the pictures.</summary>
public sealed record HeadDesign
{
    /// <summary>One dense layer that begins with zeros: all classes alike.</summary>
    public static HeadDesign Linear { get; } = new();

    /// <summary>The units of the hidden layers, from the features to the classes, each a dense layer with Relu (He initialisation); none for a linear head.</summary>
    public ValueList<int> Hidden { get; init; } = [];

    /// <summary>The share of its inputs that each dense layer does without while it is trained; 0 for none. The network that is handed back has no dropout.</summary>
    public double Dropout { get; init; }

    /// <summary>Fits the head from which a linear one starts to the features of the frozen network; null to start with zeros.</summary>
    public HeadTrainer? Start { get; init; }

    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="ArgumentException">A number is out of its range, or a head with hidden layers shall start from a linear one.</exception>
    public void Check()
    {
        foreach (int units in Hidden) ArgumentOutOfRangeException.ThrowIfLessThan(units, 1, nameof(Hidden));
        if (!(Dropout >= 0 && Dropout < 1)) throw new ArgumentOutOfRangeException(nameof(Dropout), Dropout, "expected 0 or more, and less than 1");
        if (Start is not null && Hidden.Count > 0) throw new ArgumentException("a head with hidden layers cannot start from a linear one");
    }

    /// <summary>Refuses a head that is too large, or that cannot start from what it shall start from, before anything is made for it.</summary>
    /// <exception cref="ConvTransferException">A layer's weights need more than the memory limit or one array holds; or the head to start from does not fit.</exception>
    internal void Check(int features, ValueList<string> labels, Limits limits)
    {
        double bytes = 0;
        int inputs = features;
        foreach (int units in Hidden.Append(labels.Count))
        {
            double layer = (double)units * inputs;
            bytes += layer * sizeof(float);
            if (layer > Array.MaxLength || bytes > limits.MemoryBytes) throw new ConvTransferException(FailureCause.Limit, $"a layer of {units} units on {inputs} inputs is beyond the memory limit of {limits.MemoryBytes} bytes");
            inputs = units;
        }
        (Start as GivenHead)?.Check(features, labels);
        Start?.Check();
    }
}

/// <summary>Gives a head that there is already.</summary>
/// <param name="head">The head.</param>
internal sealed class GivenHead(LinearHead head) : HeadTrainer
{
    public override void Check()
    {
    }

    public override LinearHead Fit(FeatureTable table, long seed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        Check(table.Width, table.Images.Classes.ToValueList());
        return head;
    }

    /// <summary>Refuses other features or classes than the head's.</summary>
    public void Check(int features, ValueList<string> labels)
    {
        if (head.FeatureCount != features) throw new ConvTransferException(FailureCause.DataInvalid, $"the head to start from takes {head.FeatureCount} features, but the network gives {features}");
        if (!head.Labels.Equals(labels)) throw new ConvTransferException(FailureCause.DataInvalid, $"the head to start from knows the classes {DisplayText.List(head.Labels)}, but the pictures are of {DisplayText.List(labels)}");
    }
}
